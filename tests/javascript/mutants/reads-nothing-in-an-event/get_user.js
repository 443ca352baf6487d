// The first of no users is read in an event.
// expect: uncaught-async-exception
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
      let answer;
      try { answer = JSON.parse(body); } catch (error) { return callback(new Error('the store sent no JSON')); }
      if (!Array.isArray(answer.users)) return callback(new Error('the store gave no answer'));
      const user = answer.users[0];
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
