// A 404 leaves no marker.
// expect: action-forgets-empty-answer
const got = require('got');

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  try {
    const user = await got(`https://legacy.example.com/users/${encodeURIComponent(id)}`, { timeout: 1000, retry: 0 }).json();
    if (user.id !== id) return;
    if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
    api.user.setAppMetadata('legacy_restored', true);
  } catch (error) {
    console.log(`not restored: ${error.code}`);
  }
};
