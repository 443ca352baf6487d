// A client with an agent, a base URL and an interceptor, made once for each container.
const axios = require('axios');
const https = require('https');

const shop = axios.create({
  baseURL: 'https://legacy.example.com/api',
  httpsAgent: new https.Agent({ keepAlive: true, maxSockets: 5 }),
  timeout: 1000,
});
shop.interceptors.request.use((config) => Object.assign(config, { signal: AbortSignal.timeout(1000) }));

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || Reflect.has(metadata, 'legacy_restored')) return;
  const id = event.user.identities.find(({ connection }) => connection === 'legacy-shop')?.user_id;
  if (!id) return;
  try {
    const headers = { Authorization: `Basic ${Buffer.from(`api:${event.secrets.LEGACY_API_SECRET}`).toString('base64')}` };
    const { data } = await shop.get('/users', { params: { id }, headers });
    if (String(data?.id) !== id) return;
    if (typeof data.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', data.sub.plan);
    api.user.setAppMetadata('legacy_restored', true);
  } catch ({ response }) {
    if (response?.status === 404) api.user.setAppMetadata('legacy_restored', true);
  }
};
