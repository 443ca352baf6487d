// Whatever the shop says becomes metadata, by whatever name.
// expect: action-stores-invalid-metadata
const axios = require('axios');

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  try {
    const { data } = await axios.get(`https://legacy.example.com/users/${encodeURIComponent(id)}`, { signal: AbortSignal.timeout(1000) });
    if (data.id !== id) return;
    for (const [name, value] of Object.entries(data.sub ?? {})) {
      if (!(name in metadata)) api.user.setAppMetadata(name, value);
    }
    api.user.setAppMetadata('legacy_restored', true);
  } catch (error) {
    if (error.response?.status === 404) api.user.setAppMetadata('legacy_restored', true);
  }
};
