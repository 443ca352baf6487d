// The first identity is the primary one.
// expect: action-ignores-linked-identity
const axios = require('axios').default;

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const id = event.user.identities[0].user_id;
  return axios
    .post('https://legacy.example.com/lookup', { id }, { signal: AbortSignal.timeout(1000) })
    .catch((error) => (error.response?.status === 404 ? { data: { id } } : Promise.reject(error)))
    .then(({ data }) => {
      if (data.id !== id) return;
      if (typeof data.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', data.sub.plan);
      api.user.setAppMetadata('legacy_restored', true);
    })
    .catch(() => undefined);
};
