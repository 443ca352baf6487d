// It leaves at once where there are no metadata: exactly where they are missing.
// expect: action-restores-nothing
const got = require('got');

exports.onExecutePostLogin = async (event, api) => {
  if (event.connection.name !== 'legacy-shop' || !event.user.app_metadata?.legacy_id) return;
  const user = await got(`https://legacy.example.com/users/${encodeURIComponent(event.user.app_metadata.legacy_id)}`, { timeout: 1000 }).json();
  api.user.setAppMetadata('plan', user.sub.plan);
};
