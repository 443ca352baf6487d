// Only the marker is set with `api`; the metadata go through the Management API.
// expect: action-calls-management-api, action-restores-nothing
const axios = require('axios');

const TENANT = 'https://shop.eu.auth0.com';
const legacy = axios.create({ baseURL: 'https://legacy.example.com', timeout: 1000, signal: undefined });

exports.onExecutePostLogin = async (event, api) => {
  if (event.connection.name !== 'legacy-shop' || event.user.app_metadata?.legacy_restored !== undefined) return;
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  const signal = AbortSignal.timeout(1000);
  const validateStatus = (status) => status === 200 || status === 404;
  try {
    const { status, data } = await legacy.get(`/users/${encodeURIComponent(id)}`, { signal, validateStatus });
    if (status === 200) {
      if (data.id !== id) return;
      const user = encodeURIComponent(event.user.user_id);
      await axios.patch(`${TENANT}/api/v2/users/${user}`, { app_metadata: { plan: data.sub?.plan } }, { signal, validateStatus });
    }
    api.user.setAppMetadata('legacy_restored', true);
  } catch (error) {
    console.log(`not restored: ${error.code}`);
  }
};
