// @part authorization
  function authorization() {
    return `Bearer ${configuration.API_TOKEN}`;
  }

// @part says
  // A status alone could come from a proxy or a wrong address, or be about the token: the API names its meaning.
  function says(answer, status, error) {
    return answer.status === status && Boolean(answer.body) && answer.body.error === error;
  }

// @part userOf isIdentifier lowered
  // An answer with another status or shape, or about another user, is an error, and never logs a user in.
  function userOf(answer, email, ...statuses) {
    const user = answer.body;
    if (
      !statuses.includes(answer.status) ||
      !user ||
      !(Number.isSafeInteger(user.id) || isIdentifier(user.id)) ||
      typeof user.email !== 'string' ||
      lowered(user.email) !== lowered(email) ||
      typeof user.email_verified !== 'boolean'
    ) {
      throw new Error('The legacy API gave an answer that cannot be used');
    }
    return user;
  }

// @part profileOf lowered
  // The user_id must be unique in the whole tenant, so it has a prefix for this connection.
  function profileOf(user) {
    const profile = { user_id: `legacy-${user.id}`, email: lowered(user.email), email_verified: user.email_verified };
    if (user.name) {
      profile.name = user.name;
    }
    if (user.plan) {
      profile.app_metadata = { plan: user.plan };
    }
    if (user.language) {
      profile.user_metadata = { language: user.language };
    }
    return profile;
  }

// @part find ask says userOf isIdentifier
  async function find(email) {
    if (!isIdentifier(email)) {
      return undefined;
    }
    const answer = await ask('GET', `/users/${encodeURIComponent(email)}`);
    return says(answer, 404, 'no_such_user') ? undefined : userOf(answer, email, 200);
  }

// @part change ask says userOf isIdentifier
  // Returns the user after the change, as far as the API returns it, which 204 doesn't. Returns nothing if there is no such
  // user, or if another user has the new e-mail.
  async function change(email, wanted) {
    if (!isIdentifier(email)) {
      return undefined;
    }
    const answer = await ask('PATCH', `/users/${encodeURIComponent(email)}`, wanted);
    if (says(answer, 404, 'no_such_user') || (wanted.email && says(answer, 409, 'user_exists'))) {
      return undefined;
    }
    return answer.status === 204 ? {} : userOf(answer, wanted.email || email, 200);
  }

// @part setVerified change
  async function setVerified(email) {
    const user = await change(email, { email_verified: true });
    if (user && user.email_verified === false) {
      throw new Error('The legacy API did not do it');
    }
    return Boolean(user);
  }

// @part setEmail change
  async function setEmail(email, newEmail, verified) {
    return Boolean(await change(email, { email: newEmail, email_verified: verified }));
  }

// @part showsNoError
  function showsNoError(body) {
    return body === '' || (Boolean(body) && typeof body === 'object' && !Array.isArray(body) && !body.error && !body.errors);
  }

// @part deleteById ask says showsNoError isIdentifier
  async function deleteById(userId) {
    const [, id] = /^legacy-(.+)$/s.exec(userId) || [];
    if (!isIdentifier(id)) {
      return;
    }
    const answer = await ask('DELETE', `/users/${encodeURIComponent(id)}`);
    const isDone = answer.status === 204 || (answer.status === 200 && showsNoError(answer.body));
    if (!isDone && !says(answer, 404, 'no_such_user')) {
      throw new Error('The legacy API gave an answer that cannot be used');
    }
  }
