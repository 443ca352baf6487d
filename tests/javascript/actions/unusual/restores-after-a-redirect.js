// The user agrees elsewhere first; the metadata are restored when the log-in is resumed.
const MARKER = 'legacy_restored';

const isToDo = (event) => event.connection.name === 'legacy-shop' && !(MARKER in (event.user.app_metadata ?? {}));

exports.onExecutePostLogin = async (event, api) => {
  if (isToDo(event) && api.redirect.canRedirect()) api.redirect.sendUserTo('https://shop.example.com/terms');
};

exports.onContinuePostLogin = async (event, api) => {
  if (!isToDo(event)) return;
  const metadata = event.user.app_metadata ?? {};
  const { user_id: id } = event.user.identities.find(({ connection }) => connection === event.connection.name);
  let user = { id };
  try {
    const url = `https://legacy.example.com/users/${encodeURIComponent(id)}`;
    const headers = { Authorization: `Bearer ${event.secrets.LEGACY_API_SECRET}` };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(1000) });
    if (!response.ok && response.status !== 404) return;
    if (response.ok) user = await response.json();
  } catch {
    return;
  }
  if (user?.id !== id) return;
  if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
  api.user.setAppMetadata(MARKER, true);
};
