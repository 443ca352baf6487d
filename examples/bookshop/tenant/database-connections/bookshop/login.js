// ##SHOP##: checks a customer's password.
async function login(userNameOrEmail, password, callback) {
  const wrong = 'Wrong e-mail or password';
  if (typeof userNameOrEmail !== 'string' || typeof password !== 'string') {
    return callback(new WrongUsernameOrPasswordError(null, wrong));
  }
  let status;
  let answer;
  try {
    const response = await fetch(`${configuration.API_URL}/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${configuration.API_TOKEN}` },
      body: JSON.stringify({ login: userNameOrEmail, password }),
      signal: AbortSignal.timeout(2000),
    });
    status = response.status;
    answer = await response.json();
  } catch (error) {
    return callback(new Error('The shop cannot be reached'));
  }
  if (status === 401 && answer?.error === 'invalid_credentials') {
    return callback(new WrongUsernameOrPasswordError(null, wrong));
  }
  if (status === 403 && answer?.error === 'account_closed') {
    return callback(new UnauthorizedError('The account is closed'));
  }
  if (status === 413) {
    return callback(new WrongUsernameOrPasswordError(null, wrong));
  }
  if (status !== 200 || !isAccount(answer?.account)) {
    return callback(new Error('The shop gave no answer'));
  }
  return callback(null, profileOf(answer.account));

  // An answer of another shape is an error: it neither logs a customer in nor means that there is no such customer.
  function isAccount(account) {
    return (
      Number.isSafeInteger(account?.id) &&
      typeof account.email === 'string' &&
      [account.email_verified, account.disabled].every((flag) => typeof flag === 'boolean') &&
      [account.username, account.first_name].every((text) => text === null || typeof text === 'string')
    );
  }

  function profileOf(account) {
    const profile = {
      user_id: `shop-${account.id}`,
      email: account.email.toLowerCase(),
      email_verified: account.email_verified,
      app_metadata: { membership: account.membership || 'none', account_closed: account.disabled },
      user_metadata: { language: account.language || 'en', newsletter: account.newsletter },
    };
    if (account.username) {
      profile.username = account.username.toLowerCase();
    }
    if (account.first_name) {
      profile.name = `${account.first_name} ${account.last_name}`;
      profile.given_name = account.first_name;
      profile.family_name = account.last_name;
    }
    return profile;
  }
}
