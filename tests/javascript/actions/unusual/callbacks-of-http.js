// `https.request` with callbacks, in one promise.
const https = require('https');

const ask = (id, secret, callback) => {
  const body = JSON.stringify({ id });
  const headers = { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json', 'Content-Length': body.length };
  const options = { method: 'POST', headers, signal: AbortSignal.timeout(1000) };
  const request = https.request('https://legacy.example.com/lookup', options, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (piece) => (text += piece));
    response.once('error', callback);
    response.once('end', () => {
      if (response.statusCode === 404) return callback(null, { id });
      if (response.statusCode !== 200) return callback(new Error(`status ${response.statusCode}`));
      let user;
      try {
        user = JSON.parse(text);
      } catch (error) {
        return callback(error);
      }
      return callback(null, user);
    });
  });
  request.once('error', callback);
  request.end(body);
};

exports.onExecutePostLogin = (event, api) =>
  new Promise((resolve) => {
    const metadata = event.user.app_metadata ?? {};
    if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return resolve();
    const { user_id: id } = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
    ask(id, event.secrets.LEGACY_API_SECRET, (error, user) => {
      if (error || user.id !== id) return resolve();
      if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
      api.user.setAppMetadata('legacy_restored', true);
      return resolve();
    });
  });
