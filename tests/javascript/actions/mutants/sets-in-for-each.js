// `forEach` awaits nothing.
// expect: action-writes-too-late
exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || metadata.legacy_restored) return;
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  ['plan'].forEach(async (name) => {
    const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(id)}`, { signal: AbortSignal.timeout(1000) }).catch(() => ({}));
    if (!response.ok && response.status !== 404) return;
    const user = response.ok ? await response.json().catch(() => ({})) : { id };
    if (user.id !== id) return;
    if (typeof user.sub?.[name] === 'string') api.user.setAppMetadata(name, user.sub[name]);
    api.user.setAppMetadata('legacy_restored', true);
  });
};
