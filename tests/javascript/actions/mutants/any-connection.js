// No look at the connection.
// expect: action-ignores-connection
const fetch = require('node-fetch');

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if ('legacy_restored' in metadata) return;
  const identity = event.user.identities.find((each) => each.provider === 'auth0') ?? event.user.identities[0];
  try {
    const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`, { signal: AbortSignal.timeout(1000) });
    if (response.status !== 404 && !response.ok) return;
    const user = response.ok ? await response.json() : { id: identity.user_id };
    if (user.id !== identity.user_id) return;
    if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
    api.user.setAppMetadata('legacy_restored', true);
  } catch (error) {
    console.log('the shop does not answer');
  }
};
