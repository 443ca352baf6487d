// All of it below one key, with the time at which it was restored.
const { request } = require('undici');

module.exports = {
  async onExecutePostLogin(event, api) {
    if (event.connection.name !== 'legacy-shop' || event.user.app_metadata?.legacy !== undefined) return;
    const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
    try {
      const url = `https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`;
      const { statusCode, body } = await request(url, { headersTimeout: 1000, bodyTimeout: 1000, signal: AbortSignal.timeout(1000) });
      const text = await body.text();
      if (statusCode !== 200 && statusCode !== 404) return;
      const user = statusCode === 200 ? JSON.parse(text) : { id: identity.user_id };
      if (user.id !== identity.user_id) return;
      const plan = typeof user.sub?.plan === 'string' ? user.sub.plan : null;
      api.user.setAppMetadata('legacy', { restored: { at: Date.now(), from: 'shop' }, billing: { plan } });
    } catch {
      return;
    }
  },
};
