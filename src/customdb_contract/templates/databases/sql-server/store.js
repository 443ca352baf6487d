// @part settings
  // Each step has a time limit; together they are far below Auth0's 20 s.
  function settings() {
    return {
      server: configuration.MSSQL_SERVER,
      authentication: {
        type: 'default',
        options: { userName: configuration.MSSQL_USER, password: configuration.MSSQL_PASSWORD },
      },
      options: {
        port: Number(configuration.MSSQL_PORT || 1433),
        database: configuration.MSSQL_DATABASE,
        encrypt: configuration.MSSQL_ENCRYPT !== 'no',
        trustServerCertificate: false,
        connectTimeout: 3000,
        requestTimeout: 3000,
        cancelTimeout: 1000,
        maxRetriesOnTransientErrors: 0,
      },
    };
  }

// @part query settings
  // One connection per statement, because tedious has no pool. Values are passed separately, as @name.
  function query(sql, values) {
    const { Connection, Request, TYPES } = require('tedious');
    const { options, ...others } = settings();
    return new Promise((resolve, reject) => {
      const connection = new Connection({
        ...others,
        options: { ...options, rowCollectionOnRequestCompletion: true, useColumnNames: true },
      });
      // An error after the end is too late to report; without a listener, it would end the container.
      connection.on('error', reject);
      // tedious continues without TLS if the server offers none.
      let isEncrypted = !options.encrypt;
      connection.on('secure', () => {
        isEncrypted = true;
      });
      connection.connect((failure) => {
        if (failure || !isEncrypted) {
          connection.close();
          reject(failure || new Error('The server does not encrypt'));
          return;
        }
        const request = new Request(sql, (error, count, rows) => {
          connection.close();
          if (error) {
            reject(error);
          } else {
            const valuesOf = (row) => Object.entries(row).map(([name, column]) => [name, column.value]);
            resolve(rows.map((row) => Object.fromEntries(valuesOf(row))));
          }
        });
        for (const [name, value] of Object.entries(values)) {
          request.addParameter(name, typeof value === 'boolean' ? TYPES.Bit : TYPES.NVarChar, value);
        }
        connection.execSql(request);
      });
    });
  }

// @part unlessDuplicate
  // A unique constraint (2627) or a unique index (2601) refuses a value that already exists.
  async function unlessDuplicate(change) {
    try {
      await change;
      return true;
    } catch (error) {
      if (error.number === 2627 || error.number === 2601) {
        return false;
      }
      throw error;
    }
  }

// @part only
  // Collations can ignore accents; the e-mail must be the same except for case.
  function only(rows, email) {
    const found = rows.filter((row) => row.email.toLowerCase() === email.toLowerCase());
    if (found.length > 1) {
      throw new Error('Several users have this e-mail');
    }
    return found[0];
  }

// @part find query isEmail only
  async function find(email) {
    if (!isEmail(email)) {
      return undefined;
    }
    const rows = await query(
      'SELECT id, email, password_hash, email_verified, blocked, name, [plan], language FROM users WHERE email = @email',
      { email },
    );
    return only(rows, email);
  }

// @part insert query unlessDuplicate
  // The unique index decides, so one of two concurrent sign-ups is refused.
  function insert(email, hash) {
    return unlessDuplicate(query('INSERT INTO users (email, password_hash) VALUES (@email, @hash)', { email, hash }));
  }

// @part setVerified query find
  async function setVerified(email) {
    const user = await find(email);
    if (user) {
      await query('UPDATE users SET email_verified = 1 WHERE id = @id', { id: String(user.id) });
    }
    return Boolean(user);
  }

// @part setPassword query find
  async function setPassword(email, hash) {
    const user = await find(email);
    if (user) {
      await query('UPDATE users SET password_hash = @hash WHERE id = @id', { id: String(user.id), hash });
    }
    return Boolean(user);
  }

// @part setEmail query find unlessDuplicate
  async function setEmail(email, newEmail, verified) {
    const user = await find(email);
    if (!user) {
      return false;
    }
    const values = { id: String(user.id), email: newEmail, verified };
    return unlessDuplicate(query('UPDATE users SET email = @email, email_verified = @verified WHERE id = @id', values));
  }

// @part deleteById query idOf
  async function deleteById(userId) {
    const id = idOf(userId);
    if (id) {
      await query('DELETE FROM users WHERE id = @id', { id });
    }
  }
