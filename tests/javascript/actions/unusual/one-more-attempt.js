// A budget of one retry.
const got = require('got');

const shop = got.extend({
  prefixUrl: 'https://legacy.example.com',
  timeout: 1000,
  retry: { limit: 1, calculateDelay: ({ attemptCount }) => (attemptCount > 1 ? 0 : 10) },
  responseType: 'json',
});

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  try {
    const { body } = await shop(`users/${encodeURIComponent(id)}`);
    if (body.id !== id) return;
    if (typeof body.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', body.sub.plan);
    api.user.setAppMetadata('legacy_restored', true);
  } catch (error) {
    if (error.response?.statusCode === 404) api.user.setAppMetadata('legacy_restored', true);
  }
};
