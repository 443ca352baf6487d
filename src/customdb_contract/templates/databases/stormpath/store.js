// @part authorization
  function authorization() {
    return `Basic ${Buffer.from(`${configuration.API_KEY_ID}:${configuration.API_KEY_SECRET}`).toString('base64')}`;
  }

// @part says
  // A status alone could come from a proxy or a wrong address: the service names its meaning with a code.
  function says(answer, status, ...codes) {
    return answer.status === status && Boolean(answer.body) && codes.includes(answer.body.code);
  }

// @part isRefusal
  // The codes for a property that is not accepted.
  function isRefusal(answer) {
    return answer.status === 400 && Boolean(answer.body) && answer.body.code >= 2000 && answer.body.code < 3000;
  }

// @part unusable
  function unusable() {
    throw new Error('The user store gave an answer that cannot be used');
  }

// @part idOf unusable
  // The last part of an account's address, which never changes.
  function idOf(resource) {
    const [, id] = (resource && typeof resource.href === 'string' && /\/accounts\/([\w-]+)$/.exec(resource.href)) || [];
    return id || unusable();
  }

// @part isExpanded
  // If customData was not requested, it is only an address.
  function isExpanded(data) {
    return Boolean(data) && typeof data === 'object' && Object.keys(data).some((name) => name !== 'href');
  }

// @part accountOf idOf isExpanded unusable
  // An answer of another shape is an error, and never logs a user in.
  function accountOf(shown) {
    const isText = (value) => value === null || typeof value === 'string';
    const isAccount =
      Boolean(idOf(shown)) &&
      typeof shown.email === 'string' &&
      [shown.username, shown.fullName, shown.givenName, shown.surname].every(isText) &&
      ['ENABLED', 'DISABLED', 'UNVERIFIED'].includes(shown.status) &&
      ['VERIFIED', 'UNVERIFIED', 'UNKNOWN'].includes(shown.emailVerificationStatus) &&
      isExpanded(shown.customData);
    return isAccount ? shown : unusable();
  }

// @part isCalled lowered
  function isCalled(account, identifier) {
    return [account.email, account.username].some((own) => own !== null && lowered(own) === lowered(identifier));
  }

// @part profileOf idOf lowered
  // The user_id must be unique in the whole tenant, so it has a prefix for this connection.
  function profileOf(account) {
    const { href, createdAt, modifiedAt, ...own } = account.customData;
    const profile = {
      user_id: `legacy-${idOf(account)}`,
      email: lowered(account.email),
      email_verified: account.emailVerificationStatus === 'VERIFIED',
    };
    const texts = { name: account.fullName, given_name: account.givenName, family_name: account.surname };
    for (const [name, text] of Object.entries(texts)) {
      if (text) {
        profile[name] = text;
      }
    }
    // An account without a username has its e-mail as its username.
    if (account.username && lowered(account.username) !== lowered(account.email)) {
      profile.username = lowered(account.username);
    }
    if (Object.keys(own).length > 0) {
      profile.app_metadata = own;
    }
    return profile;
  }

// @part find ask accountOf isCalled isEmail isIdentifier unusable
  // A value with a * at either end is a pattern, so results are compared with the requested value.
  async function find(identifier) {
    if (!isIdentifier(identifier)) {
      return undefined;
    }
    for (const name of isEmail(identifier) ? ['email', 'username'] : ['username']) {
      const query = `${name}=${encodeURIComponent(identifier)}&expand=customData`;
      const { status, body } = await ask('GET', `/applications/${configuration.APPLICATION}/accounts?${query}`);
      if (status !== 200 || !body || !Array.isArray(body.items) || !Number.isInteger(body.size)) {
        unusable();
      }
      const found = body.items.map(accountOf).filter((account) => isCalled(account, identifier));
      if (found.length > 1 || (found.length === 0 && body.size > body.items.length)) {
        unusable();
      }
      if (found.length === 1) {
        return found[0];
      }
    }
    return undefined;
  }

// @part change ask says isRefusal idOf unusable
  async function change(account, wanted) {
    const answer = await ask('POST', `/accounts/${idOf(account)}`, wanted);
    if (says(answer, 404, 404) || says(answer, 409, 2001)) {
      return 'unchanged';
    }
    if (isRefusal(answer)) {
      return 'refused';
    }
    return answer.status === 200 && idOf(answer.body) === idOf(account) ? 'changed' : unusable();
  }

// @part setVerified find change
  async function setVerified(email) {
    const account = await find(email);
    if (!account) {
      return false;
    }
    const enabled = account.status === 'UNVERIFIED' ? { status: 'ENABLED' } : {};
    return (await change(account, { emailVerificationStatus: 'VERIFIED', ...enabled })) === 'changed';
  }

// @part setEmail find change lowered
  async function setEmail(email, newEmail, verified) {
    const account = await find(email);
    if (!account) {
      return false;
    }
    const wanted = { email: newEmail, emailVerificationStatus: verified ? 'VERIFIED' : 'UNVERIFIED' };
    // If the old e-mail remained the username, it could still log in.
    if (account.username !== null && lowered(account.username) === lowered(account.email)) {
      wanted.username = newEmail;
    }
    return (await change(account, wanted)) === 'changed';
  }

// @part deleteById ask says unusable
  async function deleteById(userId) {
    const [, id] = /^legacy-([\w-]+)$/.exec(userId) || [];
    if (!id) {
      return;
    }
    const answer = await ask('DELETE', `/accounts/${id}`);
    if (answer.status !== 204 && !says(answer, 404, 404)) {
      unusable();
    }
  }
