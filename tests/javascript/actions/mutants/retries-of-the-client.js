// The client retries by itself.
// expect: action-retries-in-a-loop
const got = require('got').extend({
  timeout: 300,
  retry: { limit: 3, calculateDelay: ({ computedValue }) => (computedValue === 0 ? 0 : 5) },
});

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  try {
    const user = await got(`https://legacy.example.com/users/${encodeURIComponent(id)}`).json();
    if (user.id !== id) return;
    if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
    api.user.setAppMetadata('legacy_restored', true);
  } catch (error) {
    if (error.response?.statusCode === 404) api.user.setAppMetadata('legacy_restored', true);
  }
};
