// A token is fetched first, and kept in api.cache.
// paths: {"/oauth/token": {"access_token": "t0k3n-of-the-day", "expires_in": 3600}}
const SHOP = 'https://legacy.example.com';

async function tokenOf(event, api, signal) {
  const kept = api.cache.get('legacy-token');
  if (kept) return kept.value;
  const response = await fetch(`${SHOP}/oauth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ grant_type: 'client_credentials', client_secret: event.secrets.LEGACY_API_SECRET }),
    signal,
  });
  if (!response.ok) throw new Error('no token');
  const { access_token: token, expires_in: seconds } = await response.json();
  api.cache.set('legacy-token', token, { ttl: seconds * 1000 });
  return token;
}

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  const signal = AbortSignal.timeout(1000);
  try {
    const headers = { Authorization: `Bearer ${await tokenOf(event, api, signal)}` };
    const response = await fetch(`${SHOP}/users/${encodeURIComponent(identity.user_id)}`, { headers, signal });
    if (!response.ok && response.status !== 404) return;
    const user = response.ok ? await response.json() : { id: identity.user_id };
    if (user.id !== identity.user_id) return;
    if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
    api.user.setAppMetadata('legacy_restored', true);
  } catch (error) {
    console.log(`not restored: ${error.name}`);
  }
};
