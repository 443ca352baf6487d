// The e-mail comes back in capitals.
// expect: email-not-lowercase, no-metadata-repair
// connection: import_mode=on
async function login(email, password, callback) {
  if (typeof email !== 'string') {
    return callback(new WrongUsernameOrPasswordError(null, 'wrong e-mail or password'));
  }
  let status;
  let answer;
  try {
    const response = await fetch(`${configuration.API_URL}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${configuration.API_TOKEN}` },
      body: JSON.stringify({ email, password }),
      signal: AbortSignal.timeout(2000),
    });
    status = response.status;
    answer = await response.json();
  } catch (error) {
    return callback(new Error('the store is out of reach'));
  }
  if (status === 401 && answer.error === 'wrong credentials') {
    return callback(new WrongUsernameOrPasswordError(null, 'wrong e-mail or password'));
  }
  const user = status === 200 ? answer.user : undefined;
  if (!user || typeof user.id !== 'string') {
    return callback(new Error('the store gave no answer'));
  }
  return callback(null, {
    user_id: user.id,
    email: user.email.toUpperCase(),
    email_verified: user.verified,
    name: user.name,
    app_metadata: { plan: 'reader' },
  });
}
