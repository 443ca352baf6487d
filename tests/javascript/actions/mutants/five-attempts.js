// Five requests within one log-in.
// expect: action-retries-in-a-loop
exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  const signal = AbortSignal.timeout(1500);
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    try {
      const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`, { signal });
      if (!response.ok && response.status !== 404) continue;
      const user = response.ok ? await response.json() : { id: identity.user_id };
      if (user.id !== identity.user_id) return;
      if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
      api.user.setAppMetadata('legacy_restored', true);
      return;
    } catch (error) {
      console.log(`attempt ${attempt}: ${error.name}`);
    }
  }
};
