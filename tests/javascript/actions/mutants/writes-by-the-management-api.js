// Tells the Management API too that it has restored the metadata.
// expect: action-calls-management-api
exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const identity = event.user.identities.find(({ connection }) => connection === event.connection.name);
  let answer = null;
  try {
    const url = `https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    if (!response.ok && response.status !== 404) return;
    answer = response.ok ? await response.json() : null;
  } catch {
    return;
  }
  if (answer !== null && answer.id !== identity.user_id) return;
  if (typeof answer?.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', answer.sub.plan);
  await fetch(`https://shop.eu.auth0.com/api/v2/users/${encodeURIComponent(event.user.user_id)}`, { method: 'PATCH' }).catch(() => undefined);
  api.user.setAppMetadata('legacy_restored', true);
};
