// ##SHOP##: finds a customer by e-mail or username.
async function getUser(identifier, callback) {
  if (typeof identifier !== 'string' || identifier.length > 254) {
    return callback(null);
  }
  let status;
  let answer;
  try {
    const query = new URLSearchParams({ login: identifier });
    const response = await fetch(`${configuration.API_URL}/accounts?${query}`, {
      headers: { authorization: `Bearer ${configuration.API_TOKEN}` },
      signal: AbortSignal.timeout(2000),
    });
    status = response.status;
    answer = await response.json();
  } catch (error) {
    return callback(new Error('The shop cannot be reached'));
  }
  const accounts = status === 200 ? answer?.accounts : undefined;
  if (!Array.isArray(accounts) || accounts.length > 1 || !accounts.every(isAccount)) {
    return callback(new Error('The shop gave no answer'));
  }
  return accounts.length === 1 ? callback(null, profileOf(accounts[0])) : callback(null);

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
