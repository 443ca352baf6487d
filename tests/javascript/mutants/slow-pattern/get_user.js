// A pattern takes for ever on many letters before an exclamation mark.
// expect: slow-on-long-input
// hostile: on
async function getUser(email, callback) {
  if (typeof email !== 'string') {
    return callback(null);
  }
  if (email.endsWith('!') && /^([\w.]+\s?)+$/.test(email)) {
    return callback(null);
  }
  let status;
  let answer;
  try {
    const response = await fetch(`${configuration.API_URL}/users?${new URLSearchParams({ email })}`, {
      headers: { authorization: `Bearer ${configuration.API_TOKEN}` },
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
  const user = answer.users[0];
  if (!user) {
    return callback(null);
  }
  return callback(null, {
    user_id: user.id,
    email: user.email,
    email_verified: user.verified,
    name: user.name,
    app_metadata: { plan: 'reader' },
  });
}
