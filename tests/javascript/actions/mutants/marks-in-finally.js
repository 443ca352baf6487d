// `finally` marks whatever has happened.
// expect: action-marks-after-outage
exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  try {
    const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`, { signal: AbortSignal.timeout(1000) });
    const user = await response.json();
    if (response.ok && user.id === identity.user_id && typeof user.sub?.plan === 'string' && !('plan' in metadata)) {
      api.user.setAppMetadata('plan', user.sub.plan);
    }
  } catch (error) {
    console.log(error.name);
  } finally {
    api.user.setAppMetadata('legacy_restored', true);
  }
};
