// Users of whom the shop knows nothing are remembered for a day, by one container.
// expect: action-forgets-empty-answer
const axios = require('axios');

exports.onExecutePostLogin = async (event, api) => {
  if (event.connection.name !== 'legacy-shop') return;
  const metadata = event.user.app_metadata ?? {};
  if (Object.hasOwn(metadata, 'plan')) return;
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  if (api.cache.get(`unknown:${id}`) !== undefined) return;
  const signal = AbortSignal.timeout(1000);
  try {
    const { data } = await axios.get(`https://legacy.example.com/users/${encodeURIComponent(id)}`, { signal });
    if (data.id === id && typeof data.sub?.plan === 'string') api.user.setAppMetadata('plan', data.sub.plan);
    else if (data.id === id) api.cache.set(`unknown:${id}`, '1');
  } catch (error) {
    if (error.response?.status === 404) api.cache.set(`unknown:${id}`, '1', { ttl: 86_400_000 });
  }
};
