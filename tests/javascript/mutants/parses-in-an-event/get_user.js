// The answer is parsed in an event, where nobody catches that it is no JSON.
// expect: uncaught-async-exception
// outage: on
function getUser(email, callback) {
  if (typeof email !== 'string') return callback(null);
  const http = require('http');
  const url = new URL(`${configuration.API_URL}/users?${new URLSearchParams({ email })}`);
  const options = { headers: { authorization: `Bearer ${configuration.API_TOKEN}` }, timeout: 2000 };
  const request = http.get(url, options, (response) => {
    let body = '';
    response.on('data', (chunk) => { body += chunk; });
    response.on('error', () => callback(new Error('the store is out of reach')));
    response.on('end', () => {
      if (response.statusCode !== 200) return callback(new Error('the store gave no answer'));
      const answer = JSON.parse(body);
      if (!Array.isArray(answer.users)) return callback(new Error('the store gave no answer'));
      const user = answer.users[0];
      if (!user) return callback(null);
      return callback(null, {
        user_id: user.id,
        email: user.email,
        email_verified: user.verified,
        name: user.name,
        app_metadata: { plan: 'reader' },
      });
    });
  });
  request.on('timeout', () => request.destroy(new Error('too slow')));
  request.on('error', () => callback(new Error('the store is out of reach')));
}
