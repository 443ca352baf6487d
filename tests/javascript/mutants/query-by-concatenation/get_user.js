// The identifier becomes part of a search.
// expect: search-query-injection, wildcard-identifier
// hostile: on
async function getUser(email, callback) {
  if (typeof email !== 'string' || email.length > 254) {
    return callback(null);
  }
  const { search } = require('search-index');
  const [entry] = await search(`email:${email.trim().toLowerCase()}`);
  if (!entry) {
    return callback(null);
  }
  return callback(null, {
    user_id: entry.id,
    email: entry.email,
    email_verified: entry.verified,
    name: entry.name,
    app_metadata: { plan: 'reader' },
  });
}
