// The answer has `sub.plan`, and it reads `subscription.plan`.
// expect: action-restores-nothing
exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata || {};
  if (event.connection.name !== 'legacy-shop' || metadata.legacy) return;
  const mine = event.user.identities.filter((identity) => identity.connection === 'legacy-shop')[0];
  try {
    const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(mine.user_id)}`, { signal: AbortSignal.timeout(1000) });
    if (response.status === 200) {
      const user = await response.json();
      if (user.id !== mine.user_id) return;
      if (!('plan' in metadata)) api.user.setAppMetadata('plan', user.subscription?.plan);
    } else if (response.status !== 404) return;
    api.user.setAppMetadata('legacy', 'asked');
  } catch {
    // The next log-in tries again.
  }
};
