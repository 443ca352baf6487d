// The identifier is parsed, and an operator in it is one of the query.
// expect: nosql-injection
// hostile: on
async function getUser(email, callback) {
  if (typeof email !== 'string' || email.length > 254) {
    return callback(null);
  }
  const { findOne } = require('collection');
  let wanted = email.trim().toLowerCase();
  try { wanted = JSON.parse(email); } catch (error) { /* it is plain text */ }
  const entry = await findOne({ email: wanted });
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
