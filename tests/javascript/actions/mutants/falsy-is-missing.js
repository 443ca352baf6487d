// `||` and `!` take false, 0 and an empty text for missing.
// expect: action-takes-falsy-for-missing
const { request } = require('undici');

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata || {};
  if (event.connection.name !== 'legacy-shop' || metadata.plan || metadata.asked) return;
  const identity = event.user.identities.find((each) => each.connection === 'legacy-shop');
  try {
    const signal = AbortSignal.timeout(1000);
    const { statusCode, body } = await request(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`, { signal });
    const text = await body.text();
    if (statusCode !== 200 && statusCode !== 404) return;
    const user = statusCode === 200 ? JSON.parse(text) : { id: identity.user_id };
    if (user.id !== identity.user_id) return;
    if (typeof user.sub?.plan === 'string' && !metadata.plan) api.user.setAppMetadata('plan', user.sub.plan);
    api.user.setAppMetadata('asked', true);
  } catch (error) {
    console.log(`legacy: ${error.name}`);
  }
};
