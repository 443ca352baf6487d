// @part isEmail
  // No other text belongs to a user. Some letters become plain ASCII in lower case, such as the Kelvin sign.
  function isEmail(text) {
    const isPlain = (letter) => letter <= '\x7f' || !/[\0-\x7f]/.test(letter.toLowerCase());
    return (
      typeof text === 'string' &&
      text.length <= 254 &&
      /^[^\s@]+@[^\s@]+$/.test(text) &&
      !/[\0-\x1f\x7f\ud800-\udfff]/u.test(text) &&
      [...text].every(isPlain)
    );
  }

// @part isHashable
  // bcrypt ignores everything after 72 bytes or a NUL, so longer passwords with the same beginning would match.
  function isHashable(password) {
    return typeof password === 'string' && Buffer.byteLength(password) <= 72 && !password.includes('\0');
  }

// @part hashOf
  function hashOf(password) {
    return require('bcrypt').hash(password, 12);
  }

// @part isPasswordOf isHashable
  // An unknown user is compared with a hash, too, so that both answers take the same time.
  async function isPasswordOf(user, password) {
    const hash = user ? user.password_hash : '$2b$12$eImiTXuWVxfM37uY4JANjQ2b1TMFZ2YgDWkQxSJDQRZ6wpJx6XJme';
    if (!isHashable(password) || password === '') {
      return false;
    }
    if (!/^\$2[aby]\$/.test(hash)) {
      throw new Error(`The password of the user with the id ${user.id} is no hash by bcrypt`);
    }
    return (await require('bcrypt').compare(password, hash.replace(/^\$2y/, '$2b'))) && Boolean(user);
  }

// @part idOf
  function idOf(userId) {
    const [, id] = /^legacy-([1-9][0-9]{0,17})$/.exec(userId) || [];
    return id;
  }

// @part profileOf
  // The user_id must be unique in the whole tenant, so it has a prefix for this connection.
  function profileOf(user) {
    const profile = {
      user_id: `legacy-${user.id}`,
      email: user.email.toLowerCase(),
      email_verified: Boolean(user.email_verified),
      app_metadata: { plan: user.plan },
      user_metadata: { language: user.language },
    };
    if (user.name) {
      profile.name = user.name;
    }
    return profile;
  }

// @part lowered
  // Letters that become plain ASCII in lower case stay as they are, because they would denote another user.
  function lowered(text) {
    const lower = (letter) => (letter > '\x7f' && /[\0-\x7f]/.test(letter.toLowerCase()) ? letter : letter.toLowerCase());
    return [...text].map(lower).join('');
  }

// @part isIdentifier
  // No other text belongs to a user. In a path, one or two dots would lead elsewhere, even if they are encoded.
  function isIdentifier(text) {
    return typeof text === 'string' && /^(?!\.{1,2}$)[^\0\ud800-\udfff]{1,320}$/u.test(text);
  }

// @part isSendable
  // Some servers treat an empty password as an anonymous log-in, and accept it.
  function isSendable(password) {
    return (
      typeof password === 'string' &&
      password !== '' &&
      Buffer.byteLength(password) <= 4096 &&
      !/[\ud800-\udfff]/u.test(password)
    );
  }

// @part ask authorization
  // Invalid JSON and responses that are too large or too late are errors; the caller interprets the status.
  async function ask(method, path, data) {
    const response = await require('axios').request({
      method,
      url: configuration.API_URL + path,
      data,
      headers: { authorization: authorization() },
      timeout: 3000,
      signal: AbortSignal.timeout(3000),
      maxRedirects: 0,
      maxContentLength: 100000,
      responseType: 'json',
      transitional: { silentJSONParsing: false },
      validateStatus: () => true,
    });
    return { status: response.status, body: response.data };
  }
