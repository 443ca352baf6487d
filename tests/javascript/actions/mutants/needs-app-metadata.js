// A user without app_metadata can't log in.
// expect: action-needs-optional-fields
exports.onExecutePostLogin = async (event, api) => {
  if (event.connection.name !== 'legacy-shop' || event.user.app_metadata.legacy_restored) return;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  try {
    const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`, { signal: AbortSignal.timeout(1000) });
    if (!response.ok && response.status !== 404) return;
    const user = response.ok ? await response.json() : { id: identity.user_id };
    if (user.id !== identity.user_id) return;
    const isMissing = event.user.app_metadata.plan === undefined;
    if (typeof user.sub?.plan === 'string' && isMissing) api.user.setAppMetadata('plan', user.sub.plan);
    api.user.setAppMetadata('legacy_restored', true);
  } catch {
    return;
  }
};
