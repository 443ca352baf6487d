// The promise is neither awaited nor returned.
// expect: action-writes-too-late
const axios = require('axios');

exports.onExecutePostLogin = async (event, api) => {
  if (event.connection.name !== 'legacy-shop' || event.user.app_metadata?.legacy_restored) return;
  const { user_id: id } = event.user.identities.find((identity) => identity.connection === 'legacy-shop');
  axios
    .get(`https://legacy.example.com/users/${encodeURIComponent(id)}`, { timeout: 1000, signal: AbortSignal.timeout(1000) })
    .then(({ data }) => {
      if (data.id !== id) return;
      if (typeof data.sub?.plan === 'string') api.user.setAppMetadata('plan', data.sub.plan);
      api.user.setAppMetadata('legacy_restored', true);
    })
    .catch((error) => error.response?.status === 404 && api.user.setAppMetadata('legacy_restored', true));
};
