// @part connect
  // One pool for all scripts in this container. Each step has a time limit, far below Auth0's 20 s.
  function connect() {
    if (!global.legacyPool) {
      const { Pool } = require('pg');
      global.legacyPool = new Pool({
        host: configuration.PGHOST,
        port: Number(configuration.PGPORT || 5432),
        database: configuration.PGDATABASE,
        user: configuration.PGUSER,
        password: configuration.PGPASSWORD,
        ssl: configuration.PGSSLMODE === 'disable' ? false : { ca: configuration.PGSSLROOTCERT },
        max: 5,
        connectionTimeoutMillis: 3000,
        query_timeout: 3000,
      });
      // A connection that breaks while idle leaves the pool; without a listener, the container would end.
      global.legacyPool.on('error', () => undefined);
    }
    return global.legacyPool;
  }

// @part find connect isEmail
  async function find(email) {
    if (!isEmail(email)) {
      return undefined;
    }
    const { rows } = await connect().query(
      'SELECT id, email, password_hash, email_verified, blocked, name, plan, language FROM users WHERE lower(email) = lower($1)',
      [email],
    );
    if (rows.length > 1) {
      throw new Error('Several users have this e-mail');
    }
    return rows[0];
  }

// @part insert connect
  // The unique index on lower(email) decides, so one of two concurrent sign-ups is refused.
  async function insert(email, hash) {
    const { rowCount } = await connect().query(
      'INSERT INTO users (email, password_hash) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [email, hash],
    );
    return rowCount === 1;
  }

// @part setVerified connect isEmail
  async function setVerified(email) {
    if (!isEmail(email)) {
      return false;
    }
    const { rowCount } = await connect().query('UPDATE users SET email_verified = true WHERE lower(email) = lower($1)', [email]);
    return rowCount === 1;
  }

// @part setPassword connect isEmail
  async function setPassword(email, hash) {
    if (!isEmail(email)) {
      return false;
    }
    const { rowCount } = await connect().query('UPDATE users SET password_hash = $2 WHERE lower(email) = lower($1)', [email, hash]);
    return rowCount === 1;
  }

// @part setEmail connect isEmail
  async function setEmail(email, newEmail, verified) {
    if (!isEmail(email)) {
      return false;
    }
    try {
      const { rowCount } = await connect().query(
        'UPDATE users SET email = $2, email_verified = $3 WHERE lower(email) = lower($1)',
        [email, newEmail, verified],
      );
      return rowCount === 1;
    } catch (error) {
      if (error.code === '23505') {
        return false;
      }
      throw error;
    }
  }

// @part deleteById connect idOf
  async function deleteById(userId) {
    const id = idOf(userId);
    if (id) {
      await connect().query('DELETE FROM users WHERE id = $1', [id]);
    }
  }
