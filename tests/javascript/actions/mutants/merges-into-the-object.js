// A key of the first level is replaced whole, so a member that was removed is there again.
// expect: action-overwrites-metadata
const fetch = require('node-fetch');

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  try {
    const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`, { signal: AbortSignal.timeout(1000) });
    if (!response.ok && response.status !== 404) return;
    const user = response.ok ? await response.json() : { id: identity.user_id };
    if (user.id !== identity.user_id) return;
    const plan = user.sub?.plan;
    if (typeof plan === 'string') api.user.setAppMetadata('shop', { ...metadata.shop, plan });
    api.user.setAppMetadata('legacy_restored', true);
  } catch {
    return;
  }
};
