// Each run appends to the list, also where it has restored everything.
// expect: action-not-idempotent
exports.onExecutePostLogin = async (event, api) => {
  if (event.connection.name !== 'legacy-shop') return;
  const { app_metadata: metadata = {} } = event.user;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  if (!('sources' in metadata)) {
    try {
      const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`, { signal: AbortSignal.timeout(1000) });
      if (!response.ok && response.status !== 404) return;
      const user = response.ok ? await response.json() : { id: identity.user_id };
      if (user.id !== identity.user_id) return;
      if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
    } catch {
      return;
    }
  }
  api.user.setAppMetadata('sources', (metadata.sources ?? []).concat('legacy-shop'));
};
