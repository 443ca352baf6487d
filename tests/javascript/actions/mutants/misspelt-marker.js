// It sets another marker than it looks for.
// expect: action-asks-on-token-refresh, action-forgets-empty-answer, action-repeats-request
exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || metadata.legacy_migrated) return;
  const identity = event.user.identities.find(({ connection }) => connection === event.connection.name);
  try {
    const url = `https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    if (!response.ok && response.status !== 404) return;
    const user = response.ok ? await response.json() : null;
    if (user && user.id !== identity.user_id) return;
    if (typeof user?.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
    api.user.setAppMetadata('legacyMigrated', true);
  } catch (error) {
    console.error(error.name);
  }
};
