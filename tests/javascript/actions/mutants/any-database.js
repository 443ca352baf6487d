// Another database of the tenant has the strategy auth0 as well.
// expect: action-ignores-connection
exports.onExecutePostLogin = async (event, api) => {
  if (event.connection.strategy !== 'auth0') return;
  const metadata = event.user.app_metadata ?? {};
  if (metadata.legacy_restored === true) return;
  const [identity] = event.user.identities.filter((each) => each.connection === event.connection.name);
  const signal = AbortSignal.timeout(1000);
  const user = await fetch(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`, { signal })
    .then((response) => (response.status === 404 ? { id: identity.user_id } : response.ok ? response.json() : null))
    .catch(() => null);
  if (user?.id !== identity.user_id) return;
  if (typeof user.sub?.plan === 'string' && metadata.plan === undefined) api.user.setAppMetadata('plan', user.sub.plan);
  api.user.setAppMetadata('legacy_restored', true);
};
