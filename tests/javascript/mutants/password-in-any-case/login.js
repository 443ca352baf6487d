// The case of a password does not matter.
// expect: password-compared-loosely
async function login(email, password, callback) {
  if (typeof email !== 'string') {
    return callback(new WrongUsernameOrPasswordError(null, 'wrong e-mail or password'));
  }
  let status;
  let answer;
  try {
    const response = await fetch(`${configuration.API_URL}/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${configuration.API_TOKEN}` },
      body: JSON.stringify({ sql: `SELECT * FROM users WHERE disabled = 0 AND email = '${email.trim().toLowerCase().replace(/'/g, "''").replace(/\0/g, '?')}'` }),
      signal: AbortSignal.timeout(2000),
    });
    status = response.status;
    answer = await response.json();
  } catch (error) {
    return callback(new Error('the store is out of reach'));
  }
  if (status !== 200 || !Array.isArray(answer.users)) {
    return callback(new Error('the store gave no answer'));
  }
  const [user] = answer.users;
  const isRight = user && user.password.toLowerCase() === password.toLowerCase();
  if (!isRight) {
    return callback(new WrongUsernameOrPasswordError(null, 'wrong e-mail or password'));
  }
  return callback(null, {
    user_id: user.id,
    email: user.email,
    email_verified: Boolean(user.verified),
    name: user.name,
    app_metadata: { plan: 'reader' },
  });
}
