// Whoever the answer is about, it is taken for this user.
// expect: action-trusts-any-answer
const { fetch } = require('undici');

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  try {
    const response = await fetch(`https://legacy.example.com/users?id=${encodeURIComponent(identity.user_id)}`, { signal: AbortSignal.timeout(1000) });
    if (!response.ok && response.status !== 404) return;
    const user = response.ok ? await response.json() : null;
    if (typeof user?.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
    api.user.setAppMetadata('legacy_restored', true);
  } catch {
    return;
  }
};
