// A promise chain calls back, and its catch calls back again.
// expect: callback-inside-try
function login(email, password, callback) {
  return authenticate().then((profile) => callback(null, profile)).catch((error) => callback(error));

  async function authenticate() {
  if (typeof email !== 'string') {
    throw (new WrongUsernameOrPasswordError(null, 'wrong e-mail or password'));
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
    throw (new Error('the store is out of reach'));
  }
  if (status === 401 && answer.error === 'wrong credentials') {
    throw (new WrongUsernameOrPasswordError(null, 'wrong e-mail or password'));
  }
  const user = status === 200 ? answer.user : undefined;
  if (!user || typeof user.id !== 'string') {
    throw (new Error('the store gave no answer'));
  }
  return ({
    user_id: user.id,
    email: user.email,
    email_verified: user.verified,
    name: user.name,
    app_metadata: { plan: 'reader' },
  });
  }
}
