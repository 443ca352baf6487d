async function deleteUser(id, context, callback) {
  await fetch(`${configuration.API_URL}/users/${encodeURIComponent(id)}`, {
    method: 'DELETE',
    headers: { 'x-organization': context.organization.id, authorization: `Bearer ${configuration.API_TOKEN}` },
    signal: AbortSignal.timeout(2000),
  });
  return callback(null);
}
