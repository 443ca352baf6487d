// Every error of the request comes out of the handler.
// expect: action-fails-on-outage
const axios = require('axios');

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  const { status, data } = await axios.get(`https://legacy.example.com/users/${encodeURIComponent(id)}`, {
    signal: AbortSignal.timeout(1000),
    validateStatus: (code) => code === 200 || code === 404,
  });
  if (typeof data !== 'object') return;
  if (status === 200 && data.id !== id) return;
  if (typeof data.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', data.sub.plan);
  api.user.setAppMetadata('legacy_restored', true);
};
