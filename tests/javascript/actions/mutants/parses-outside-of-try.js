// A page of HTML with status 200 is no JSON.
// expect: action-fails-on-outage
exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  let response;
  let text;
  try {
    response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`, { signal: AbortSignal.timeout(1000) });
    text = await response.text();
  } catch {
    return;
  }
  if (!response.ok && response.status !== 404) return;
  const user = response.ok ? JSON.parse(text) : { id: identity.user_id };
  if (user.id !== identity.user_id) return;
  if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
  api.user.setAppMetadata('legacy_restored', true);
};
