// The marker is in user_metadata, what it restores in app_metadata.
const fetch = require('node-fetch');

exports.onExecutePostLogin = async (event, api) => {
  if (event.connection.name !== 'legacy-shop') return;
  const marked = event.user.user_metadata ?? {};
  if (Object.hasOwn(marked, 'legacy_checked_at')) return;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 1000);
  try {
    const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`, { signal: controller.signal });
    if (response.status !== 404) {
      if (!response.ok) return;
      const user = await response.json();
      if (user.id !== identity.user_id) return;
      const isMissing = !('plan' in (event.user.app_metadata ?? {}));
      if (typeof user.sub?.plan === 'string' && isMissing) api.user.setAppMetadata('plan', user.sub.plan);
    }
    api.user.setUserMetadata('legacy_checked_at', new Date().toISOString());
  } catch {
    return;
  } finally {
    clearTimeout(timer);
  }
};
