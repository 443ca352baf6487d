// The time limit is a promise that wins; the request is left to itself.
const within = (milliseconds, promise) => {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('too slow')), milliseconds);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
};

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || 'legacy_restored' in metadata) return;
  const identity = event.user.identities.find(({ connection }) => connection === 'legacy-shop');
  const ask = async () => {
    const response = await fetch(`https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`);
    if (response.status === 404) return { id: identity.user_id };
    return response.ok ? response.json() : null;
  };
  try {
    const user = await within(1000, ask());
    if (user?.id !== identity.user_id) return;
    if (typeof user.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', user.sub.plan);
    api.user.setAppMetadata('legacy_restored', true);
  } catch (error) {
    console.log(error.message);
  }
};
