// The marker is looked for only where somebody sits in front of the browser.
// expect: action-asks-on-token-refresh
exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  const isSilent = event.request.query?.prompt === 'none';
  if (event.connection.name !== 'legacy-shop') return;
  if (!isSilent && metadata.legacy_restored) return;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  try {
    const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`, { signal: AbortSignal.timeout(1000) });
    if (!response.ok && response.status !== 404) return;
    const user = response.ok ? await response.json() : { id: identity.user_id };
    if (user.id !== identity.user_id) return;
    if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
    api.user.setAppMetadata('legacy_restored', true);
  } catch {
    return;
  }
};
