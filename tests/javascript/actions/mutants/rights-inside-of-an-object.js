// What the user may do stands inside of an object.
// expect: action-grants-from-user-metadata
const fetch = require('node-fetch');

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.user_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'shop' in metadata) return;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  try {
    const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`, { signal: AbortSignal.timeout(1000) });
    if (!response.ok && response.status !== 404) return;
    const user = response.ok ? await response.json() : { id: identity.user_id };
    if (user.id !== identity.user_id) return;
    const permissions = typeof user.sub?.plan === 'string' ? [user.sub.plan] : [];
    api.user.setUserMetadata('shop', { account: { permissions } });
  } catch {
    return;
  }
};
