// Node's own client with an agent that keeps connections.
function getUser(email, callback) {
  if (typeof email !== 'string') return callback(null);
  const http = require('http');
  global.agent = global.agent || new http.Agent({ keepAlive: true });
  const url = new URL(`${configuration.API_URL}/users?${new URLSearchParams({ email })}`);
  const headers = { authorization: `Bearer ${configuration.API_TOKEN}` };
  let isOver = false;
  const end = (...result) => {
    if (!isOver) {
      isOver = true;
      callback(...result);
    }
  };
  const outOfReach = () => end(new Error('the store is out of reach'));
  const request = http.get(url, { headers, agent: global.agent, timeout: 2000 }, (response) => {
    let body = '';
    response.on('data', (chunk) => { body += chunk; });
    response.on('error', outOfReach);
    response.on('aborted', outOfReach);
    response.on('end', () => {
      let answer;
      try {
        answer = JSON.parse(body);
      } catch (error) {
        return outOfReach();
      }
      if (response.statusCode !== 200 || !Array.isArray(answer.users)) return outOfReach();
      const [user] = answer.users;
      if (!user) return end(null);
      return end(null, {
        user_id: user.id,
        email: user.email,
        email_verified: user.verified,
        name: user.name,
        app_metadata: { plan: 'reader' },
      });
    });
  });
  request.on('timeout', () => request.destroy(new Error('too slow')));
  request.on('error', outOfReach);
}
