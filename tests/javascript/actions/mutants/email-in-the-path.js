// The e-mail is a part of the path, and the id is in a header.
// expect: action-identifier-in-url
const https = require('node:https');

const ask = (path, headers) =>
  new Promise((resolve, reject) => {
    const options = { host: 'legacy.example.com', path, headers, signal: AbortSignal.timeout(1000) };
    https
      .get(options, async (response) => {
        try {
          resolve({ status: response.statusCode, text: (await response.setEncoding('utf8').toArray()).join('') });
        } catch (error) {
          reject(error);
        }
      })
      .on('error', reject);
  });

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  try {
    const { status, text } = await ask(`/users/${encodeURIComponent(event.user.email ?? '-')}`, { 'X-Legacy-Id': id });
    if (status !== 200 && status !== 404) return;
    const user = status === 200 ? JSON.parse(text) : { id };
    if (user.id !== id) return;
    if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
    api.user.setAppMetadata('legacy_restored', true);
  } catch {
    return;
  }
};
