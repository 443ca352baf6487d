// The whole response, with its status and headers.
// expect: action-stores-invalid-metadata
const axios = require('axios');

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy' in metadata) return;
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  try {
    const { status, headers, data } = await axios.get(`https://legacy.example.com/users/${encodeURIComponent(id)}`, {
      signal: AbortSignal.timeout(1000),
      validateStatus: (code) => code === 200 || code === 404,
    });
    if (typeof data === 'object' && (status === 404 || data.id === id)) {
      api.user.setAppMetadata('legacy', { status, headers: { ...headers }, data });
    }
  } catch {
    return;
  }
};
