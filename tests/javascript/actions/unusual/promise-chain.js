// A chain of promises that is returned, without async.
const axios = require('axios');

exports.onExecutePostLogin = (event, api) => {
  const metadata = event.user.app_metadata || {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return Promise.resolve();
  const id = event.user.identities.find((identity) => identity.connection === 'legacy-shop').user_id;
  return axios
    .get(`https://legacy.example.com/users/${encodeURIComponent(id)}`, { timeout: 1000, signal: AbortSignal.timeout(1000) })
    .catch((error) => {
      if (error.response && error.response.status === 404) return { data: { id } };
      throw error;
    })
    .then(({ data }) => {
      if (data.id !== id) throw new Error('about another user');
      return data.sub || {};
    })
    .then(({ plan }) => {
      if (typeof plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', plan);
      api.user.setAppMetadata('legacy_restored', true);
    })
    .catch((error) => console.log(`not restored: ${error.name}`));
};
