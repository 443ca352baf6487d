// A user without e-mail can't log in.
// expect: action-needs-optional-fields
const axios = require('axios');

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  const asked = { id, email: event.user.email.toLowerCase() };
  try {
    const { data } = await axios.post('https://legacy.example.com/lookup', asked, { signal: AbortSignal.timeout(1000) });
    if (data.id !== id) return;
    if (typeof data.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', data.sub.plan);
    api.user.setAppMetadata('legacy_restored', true);
  } catch (error) {
    if (error.response?.status === 404) api.user.setAppMetadata('legacy_restored', true);
  }
};
