// Every status but 200 is taken for "no such user".
// expect: action-marks-after-outage
const { request } = require('undici');

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  try {
    const { statusCode, body } = await request(`https://legacy.example.com/users/${encodeURIComponent(id)}`, { signal: AbortSignal.timeout(1000) });
    if (statusCode === 200) {
      const user = await body.json();
      if (user.id !== id) return;
      if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
    } else {
      await body.dump();
    }
    api.user.setAppMetadata('legacy_restored', true);
  } catch {
    return;
  }
};
