// @part isEmail
  // Other text is nobody's. A letter that becomes a plain one in lower case looks like it: the Kelvin sign, for one.
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
  // bcrypt reads 72 bytes, and none after a NUL: what is longer would match whatever begins with it.
  function isHashable(password) {
    return typeof password === 'string' && Buffer.byteLength(password) <= 72 && !password.includes('\0');
  }

// @part hashOf
  function hashOf(password) {
    return require('bcrypt').hash(password, 12);
  }

// @part isPasswordOf isHashable
  // Whoever is not there is given a hash, too, which takes as long as one of somebody who is.
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
  // The user_id must be unique in the whole tenant, hence a prefix of this connection.
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
  // A letter that becomes a plain one in lower case stays as it is: with the Kelvin sign, another user would be meant.
  function lowered(text) {
    const lower = (letter) => (letter > '\x7f' && /[\0-\x7f]/.test(letter.toLowerCase()) ? letter : letter.toLowerCase());
    return [...text].map(lower).join('');
  }

// @part isIdentifier
  // Other text is nobody's. In a path, one dot or two would lead elsewhere, even where they are encoded.
  function isIdentifier(text) {
    return typeof text === 'string' && /^(?!\.{1,2}$)[^\0\ud800-\udfff]{1,320}$/u.test(text);
  }

// @part isSendable
  // Some servers take an empty password for no password at all, and let anybody in.
  function isSendable(password) {
    return (
      typeof password === 'string' &&
      password !== '' &&
      Buffer.byteLength(password) <= 4096 &&
      !/[\ud800-\udfff]/u.test(password)
    );
  }

// @part ask authorization
  // Whatever is no JSON, too large, or too late, is an error; what a status means is for the caller to say.
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
