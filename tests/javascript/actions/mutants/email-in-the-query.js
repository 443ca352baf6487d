// Beside the id it sends the e-mail, in the address.
// expect: action-identifier-in-url
exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  const url = new URL(`/users/${encodeURIComponent(identity.user_id)}`, 'https://legacy.example.com');
  if (event.user.email) url.searchParams.set('email', event.user.email);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    if (!response.ok && response.status !== 404) return;
    const user = response.ok ? await response.json() : { id: identity.user_id };
    if (user.id !== identity.user_id) return;
    if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
    api.user.setAppMetadata('legacy_restored', true);
  } catch {
    return;
  }
};
