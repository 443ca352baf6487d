// @part isLegacyPasswordOf bytesOf inUnknownFormat
  // Plain text (PasswordFormat 0) or hashed (1), with the algorithm in a setting because it isn't in the row. Encrypted
  // passwords (2) would need the machine key of the application.
  function isLegacyPasswordOf(user, password) {
    const { createHash, createHmac, timingSafeEqual } = require('crypto');
    if (user.format === 0) {
      const digest = (text) => createHash('sha256').update(text, 'utf16le').digest();
      return timingSafeEqual(digest(password), digest(user.password));
    }
    const setting = configuration.MEMBERSHIP_HASH || 'HMACSHA256';
    const salt = bytesOf(user.salt);
    // .NET's HMACSHA256 has a key of 64 bytes, which is filled by repeating the salt.
    const hashes = {
      SHA1: () => createHash('sha1').update(salt),
      SHA256: () => createHash('sha256').update(salt),
      SHA512: () => createHash('sha512').update(salt),
      HMACSHA256: () => createHmac('sha256', Buffer.alloc(64, salt)),
    };
    if (user.format !== 1 || salt.length === 0 || !Object.keys(hashes).includes(setting)) {
      throw inUnknownFormat(user);
    }
    const hash = hashes[setting]().update(password, 'utf16le').digest();
    const stored = bytesOf(user.password);
    if (stored.length !== hash.length) {
      throw inUnknownFormat(user);
    }
    return timingSafeEqual(hash, stored);
  }

// @part idOf
  function idOf(userId) {
    const [, id] = /^legacy-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(userId) || [];
    return id;
  }

// @part application
  function application() {
    return configuration.MEMBERSHIP_APPLICATION || '/';
  }

// @part find query application isEmail only
  // Only users of this application: others in the same tables can have the same e-mail. Users who are not approved or
  // are locked out can't log in, as in ASP.NET. The id is in lower case; the driver returns it in upper case.
  async function find(email) {
    if (!isEmail(email)) {
      return undefined;
    }
    const rows = await query(
      'SELECT u.UserId AS id, u.UserName AS name, m.Email AS email, m.EmailVerified AS email_verified, ' +
        'm.Password AS password, m.PasswordFormat AS format, m.PasswordSalt AS salt, ' +
        'm.IsApproved AS is_approved, m.IsLockedOut AS is_locked_out ' +
        'FROM Applications AS a ' +
        'LEFT JOIN Memberships AS m ON m.ApplicationId = a.ApplicationId AND m.Email = @email ' +
        'LEFT JOIN Users AS u ON u.UserId = m.UserId ' +
        'WHERE a.ApplicationName = @application',
      { email, application: application() },
    );
    if (rows.length === 0) {
      throw new Error('The application of the setting MEMBERSHIP_APPLICATION is not there');
    }
    const user = only(rows.filter((row) => row.id !== null), email);
    return user && { ...user, id: user.id.toLowerCase(), blocked: !user.is_approved || user.is_locked_out };
  }

// @part nameOf
  // ASP.NET requires a name: the e-mail, or the id if the e-mail is too long for the column's 50 characters.
  function nameOf(id, email) {
    return email.length <= 50 ? email : id;
  }

// @part insert find application nameOf inOneTransaction unlessDuplicate
  // The unique indexes decide, so one of two concurrent sign-ups is refused.
  async function insert(email, hash) {
    if (await find(email)) {
      return false;
    }
    const id = require('crypto').randomUUID();
    const ofApplication = 'FROM Applications WHERE ApplicationName = @application';
    const statements = [
      'INSERT INTO Users (UserId, ApplicationId, UserName, IsAnonymous, LastActivityDate) ' +
        `SELECT @id, ApplicationId, @name, 0, GETUTCDATE() ${ofApplication}`,
      'INSERT INTO Memberships (UserId, ApplicationId, Password, PasswordFormat, PasswordSalt, Email, EmailVerified, ' +
        'IsApproved, IsLockedOut, CreateDate, LastLoginDate, LastPasswordChangedDate, LastLockoutDate, ' +
        'FailedPasswordAttemptCount, FailedPasswordAttemptWindowStart, ' +
        'FailedPasswordAnswerAttemptCount, FailedPasswordAnswerAttemptWindowsStart) ' +
        "SELECT @id, ApplicationId, @hash, 1, '', @email, 0, 1, 0, GETUTCDATE(), GETUTCDATE(), GETUTCDATE(), '17540101', " +
        `0, '17540101', 0, '17540101' ${ofApplication}`,
    ];
    const values = { id, email, hash, name: nameOf(id, email), application: application() };
    return unlessDuplicate(inOneTransaction(statements, values));
  }

// @part setVerified query find
  async function setVerified(email) {
    const user = await find(email);
    if (user) {
      await query('UPDATE Memberships SET EmailVerified = 1 WHERE UserId = @id', { id: user.id });
    }
    return Boolean(user);
  }

// @part setPassword query find
  // A bcrypt hash must be marked as hashed. As plain text, anyone who has read it could log in with it.
  async function setPassword(email, hash) {
    const user = await find(email);
    if (user) {
      await query(
        "UPDATE Memberships SET Password = @hash, PasswordFormat = 1, PasswordSalt = '', " +
          'LastPasswordChangedDate = GETUTCDATE() WHERE UserId = @id',
        { id: user.id, hash },
      );
    }
    return Boolean(user);
  }

// @part setEmail find nameOf inOneTransaction unlessDuplicate
  // A name that equals the e-mail changes with it; any other name stays the same.
  async function setEmail(email, newEmail, verified) {
    const user = await find(email);
    if (!user) {
      return false;
    }
    const isNamedSo = [user.email.toLowerCase(), user.id].includes(user.name.toLowerCase());
    const name = isNamedSo ? nameOf(user.id, newEmail) : user.name;
    const statements = [
      'UPDATE Users SET UserName = @name WHERE UserId = @id',
      'UPDATE Memberships SET Email = @email, EmailVerified = @verified WHERE UserId = @id',
    ];
    return unlessDuplicate(inOneTransaction(statements, { id: user.id, name, email: newEmail, verified }));
  }

// @part deleteById inOneTransaction idOf
  // Tables that refer to the user come first. Remove those that the application doesn't have.
  async function deleteById(userId) {
    const id = idOf(userId);
    const tables = ['UsersInRoles', 'Profiles', 'Memberships', 'Users'];
    if (id) {
      await inOneTransaction(tables.map((table) => `DELETE FROM ${table} WHERE UserId = @id`), { id });
    }
  }
