// @part isPasswordOf isHashable isLegacyPasswordOf
  // Each check takes as long as one with bcrypt, so its time doesn't reveal whether the user exists, or whether the
  // password is still one of ASP.NET's.
  async function isPasswordOf(user, password) {
    if (typeof password !== 'string' || password === '' || /[\ud800-\udfff]/u.test(password) || password.length > 4096) {
      return false;
    }
    const isNew = Boolean(user) && /^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$/.test(user.password) && user.format !== 0;
    const hash = isNew ? user.password : '$2b$12$eImiTXuWVxfM37uY4JANjQ2b1TMFZ2YgDWkQxSJDQRZ6wpJx6XJme';
    const isSame = isHashable(password) && (await require('bcrypt').compare(password, hash.replace(/^\$2y/, '$2b')));
    if (!user || !user.password) {
      return false;
    }
    return isNew ? isSame : isLegacyPasswordOf(user, password);
  }

// @part bytesOf
  // Only canonical base64 is decoded, so no two texts have the same meaning; anything else has no bytes.
  function bytesOf(text) {
    const bytes = Buffer.from(text || '', 'base64');
    return bytes.toString('base64') === text ? bytes : Buffer.alloc(0);
  }

// @part inUnknownFormat
  function inUnknownFormat(user) {
    return new Error(`The password of the user with the id ${user.id} is in no known format`);
  }

// @part inOneTransaction query
  // With XACT_ABORT, a failing statement undoes all of them.
  function inOneTransaction(statements, values) {
    return query(['SET XACT_ABORT ON', 'BEGIN TRANSACTION', ...statements, 'COMMIT TRANSACTION'].join('; '), values);
  }

// @part profileOf
  // The user_id must be unique in the whole tenant, so it has a prefix for this connection.
  function profileOf(user) {
    return {
      user_id: `legacy-${user.id}`,
      email: user.email.toLowerCase(),
      email_verified: Boolean(user.email_verified),
    };
  }
