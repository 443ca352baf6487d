// @part connect
  // One pool for all scripts in this container. Each step has a time limit, far below Auth0's 20 s.
  function connect() {
    if (!global.legacyPool) {
      global.legacyPool = require('mysql2/promise').createPool({
        host: configuration.MYSQL_HOST,
        port: Number(configuration.MYSQL_PORT || 3306),
        database: configuration.MYSQL_DATABASE,
        user: configuration.MYSQL_USER,
        password: configuration.MYSQL_PASSWORD,
        ssl: configuration.MYSQL_SSL === 'disable' ? undefined : { ca: configuration.MYSQL_SSL_CA },
        connectionLimit: 5,
        connectTimeout: 3000,
        supportBigNumbers: true,
        bigNumberStrings: true,
      });
    }
    return global.legacyPool;
  }

// @part query connect
  // A connection without an answer in time can't be reused, because the answer could still arrive.
  async function query(sql, values) {
    const connection = await connect().getConnection();
    try {
      const [result] = await connection.query({ sql, values, timeout: 3000 });
      connection.release();
      return result;
    } catch (error) {
      if (error.code === 'ER_DUP_ENTRY') {
        connection.release();
      } else {
        connection.destroy();
      }
      throw error;
    }
  }

// @part find query isEmail
  // Most collations of MySQL ignore accents; the e-mail must be the same except for case.
  async function find(email) {
    if (!isEmail(email)) {
      return undefined;
    }
    const rows = await query(
      'SELECT id, email, password_hash, email_verified, blocked, name, plan, language FROM users WHERE email = ?',
      [email],
    );
    const found = rows.filter((row) => row.email.toLowerCase() === email.toLowerCase());
    if (found.length > 1) {
      throw new Error('Several users have this e-mail');
    }
    return found[0];
  }

// @part insert query
  // The unique index decides, so one of two concurrent sign-ups is refused.
  async function insert(email, hash) {
    try {
      await query('INSERT INTO users (email, password_hash) VALUES (?, ?)', [email, hash]);
      return true;
    } catch (error) {
      if (error.code === 'ER_DUP_ENTRY') {
        return false;
      }
      throw error;
    }
  }

// @part setVerified find
  async function setVerified(email) {
    const user = await find(email);
    if (user) {
      await query('UPDATE users SET email_verified = true WHERE id = ?', [user.id]);
    }
    return Boolean(user);
  }

// @part setPassword find
  async function setPassword(email, hash) {
    const user = await find(email);
    if (user) {
      await query('UPDATE users SET password_hash = ? WHERE id = ?', [hash, user.id]);
    }
    return Boolean(user);
  }

// @part setEmail find
  async function setEmail(email, newEmail, verified) {
    const user = await find(email);
    if (!user) {
      return false;
    }
    try {
      await query('UPDATE users SET email = ?, email_verified = ? WHERE id = ?', [newEmail, verified, user.id]);
      return true;
    } catch (error) {
      if (error.code === 'ER_DUP_ENTRY') {
        return false;
      }
      throw error;
    }
  }

// @part deleteById query idOf
  async function deleteById(userId) {
    const id = idOf(userId);
    if (id) {
      await query('DELETE FROM users WHERE id = ?', [id]);
    }
  }
