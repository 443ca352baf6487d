// @part isLegacyPasswordOf bytesOf inUnknownFormat
  // Crypto.HashPassword: a zero, 16 bytes of salt, and 32 bytes of PBKDF2 with HMAC-SHA1 and 1000 iterations.
  async function isLegacyPasswordOf(user, password) {
    const bytes = bytesOf(user.password);
    if (bytes.length !== 49 || bytes[0] !== 0) {
      throw inUnknownFormat(user);
    }
    const { pbkdf2, timingSafeEqual } = require('crypto');
    const hash = require('util').promisify(pbkdf2);
    return timingSafeEqual(await hash(password, bytes.subarray(1, 17), 1000, 32, 'sha1'), bytes.subarray(17));
  }

// @part idOf
  function idOf(userId) {
    const [, id] = /^legacy-([1-9][0-9]{0,9})$/.exec(userId) || [];
    return Number(id) < 2 ** 31 ? id : undefined;
  }

// @part find query isEmail only
  // Unconfirmed users can't log in, as in ASP.NET. Users without a row in webpages_Membership are not found.
  async function find(email) {
    if (!isEmail(email)) {
      return undefined;
    }
    const rows = await query(
      'SELECT u.UserId AS id, u.UserName AS email, u.EmailVerified AS email_verified, ' +
        'm.Password AS password, m.IsConfirmed AS is_confirmed ' +
        'FROM UserProfile AS u INNER JOIN webpages_Membership AS m ON m.UserId = u.UserId WHERE u.UserName = @email',
      { email },
    );
    const user = only(rows, email);
    return user && { ...user, blocked: !user.is_confirmed };
  }

// @part insert inOneTransaction unlessDuplicate
  // The unique index decides, so one of two concurrent sign-ups is refused.
  function insert(email, hash) {
    const statements = [
      'INSERT INTO UserProfile (UserName, EmailVerified) VALUES (@email, 0)',
      'INSERT INTO webpages_Membership (UserId, CreateDate, IsConfirmed, PasswordFailuresSinceLastSuccess, ' +
        'Password, PasswordChangedDate, PasswordSalt) ' +
        "VALUES (SCOPE_IDENTITY(), GETUTCDATE(), 1, 0, @hash, GETUTCDATE(), '')",
    ];
    return unlessDuplicate(inOneTransaction(statements, { email, hash }));
  }

// @part setVerified query find
  async function setVerified(email) {
    const user = await find(email);
    if (user) {
      await query('UPDATE UserProfile SET EmailVerified = 1 WHERE UserId = @id', { id: String(user.id) });
    }
    return Boolean(user);
  }

// @part setPassword query find
  async function setPassword(email, hash) {
    const user = await find(email);
    if (user) {
      await query(
        "UPDATE webpages_Membership SET Password = @hash, PasswordSalt = '', PasswordChangedDate = GETUTCDATE() WHERE UserId = @id",
        { id: String(user.id), hash },
      );
    }
    return Boolean(user);
  }

// @part setEmail query find unlessDuplicate
  async function setEmail(email, newEmail, verified) {
    const user = await find(email);
    if (!user) {
      return false;
    }
    const statement = 'UPDATE UserProfile SET UserName = @email, EmailVerified = @verified WHERE UserId = @id';
    return unlessDuplicate(query(statement, { id: String(user.id), email: newEmail, verified }));
  }

// @part deleteById inOneTransaction idOf
  // Tables that refer to the user come first. Remove those that the application doesn't have.
  async function deleteById(userId) {
    const id = idOf(userId);
    const tables = ['webpages_UsersInRoles', 'webpages_OAuthMembership', 'webpages_Membership', 'UserProfile'];
    if (id) {
      await inOneTransaction(tables.map((table) => `DELETE FROM ${table} WHERE UserId = @id`), { id });
    }
  }
