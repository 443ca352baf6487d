// The identifier becomes part of an LDAP filter.
// expect: ldap-injection, wildcard-identifier
// hostile: on
function getUser(email, callback) {
  if (typeof email !== 'string' || email.length > 254) {
    return callback(null);
  }
  const { search } = require('directory');
  const [entry] = search(`(mail=${email.trim()})`);
  if (!entry) {
    return callback(null);
  }
  return callback(null, {
    user_id: entry.uid,
    email: entry.mail,
    email_verified: entry.verified,
    name: entry.cn,
    app_metadata: { plan: 'reader' },
  });
}
