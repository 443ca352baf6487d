// `https.get` calls back after the handler has returned.
// expect: action-writes-too-late
const https = require('https');

exports.onExecutePostLogin = async (event, api) => {
  if (event.connection.name !== 'legacy-shop' || event.user.app_metadata?.legacy_restored) return;
  const { user_id: id } = event.user.identities.find((identity) => identity.connection === 'legacy-shop');
  const request = https.get(`https://legacy.example.com/users/${encodeURIComponent(id)}`, { timeout: 1000 }, (response) => {
    let text = '';
    response.on('error', () => undefined);
    response.on('data', (piece) => {
      text += piece;
    });
    response.on('end', () => {
      if (response.statusCode === 404) api.user.setAppMetadata('legacy_restored', true);
      if (response.statusCode !== 200 || !text.startsWith('{') || !text.endsWith('}')) return;
      const user = JSON.parse(text);
      if (user.id !== id) return;
      if (typeof user.sub?.plan === 'string') api.user.setAppMetadata('plan', user.sub.plan);
      api.user.setAppMetadata('legacy_restored', true);
    });
  });
  request.on('timeout', () => request.destroy());
  request.on('error', () => undefined);
};
