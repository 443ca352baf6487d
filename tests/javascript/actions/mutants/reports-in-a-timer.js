// It counts what it has restored, a moment later.
// expect: action-writes-too-late
exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  const ask = async () => {
    const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`, { signal: AbortSignal.timeout(1000) });
    if (response.status === 404) return {};
    if (!response.ok) throw new Error(`status ${response.status}`);
    const user = await response.json();
    if (user.id !== identity.user_id) throw new Error('another user');
    return user.sub ?? {};
  };
  try {
    const { plan } = await ask();
    if (typeof plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', plan);
    api.user.setAppMetadata('legacy_restored', true);
    setTimeout(() => fetch('https://legacy.example.com/restored', { method: 'POST' }).catch(() => undefined), 20);
  } catch (error) {
    console.log(`not restored: ${error.name}`);
  }
};
