// A new password is hashed by MD5.
// expect: weak-password-hash
async function create(user, callback) {
  const hash = require('crypto').createHash('md5').update(user.password).digest('hex');
  await fetch(`${configuration.API_URL}/users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${configuration.API_TOKEN}` },
    body: JSON.stringify({ email: user.email, hash }),
    signal: AbortSignal.timeout(2000),
  });
  return callback(null);
}
