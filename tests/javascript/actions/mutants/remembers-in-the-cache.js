// `api.cache` is the only thing that knows of it, and another container has another one.
// expect: action-asks-on-token-refresh, action-forgets-empty-answer, action-repeats-request
exports.onExecutePostLogin = async (event, api) => {
  if (event.connection.name !== 'legacy-shop') return;
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === event.connection.name);
  if (api.cache.get(`restored-${id}`)) return;
  const metadata = event.user.app_metadata ?? {};
  try {
    const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(id)}`, { signal: AbortSignal.timeout(1000) });
    if (!response.ok && response.status !== 404) return;
    const user = response.ok ? await response.json() : { id };
    if (user.id !== id) return;
    if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
    api.cache.set(`restored-${id}`, 'yes', { ttl: 86_400_000 });
  } catch {
    return;
  }
};
