// The template was never filled in.
// expect: script-not-implemented
function getByEmail(email, callback) {
  const msg = 'Please implement the Get User script for this database connection at https://manage.auth0.com/#/connections/database';
  return callback(new Error(msg));
}
