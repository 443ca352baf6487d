// Finds a user without checking a password.
async function getUser(email, callback) {
  let user;
  try {
    user = await find(email);
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  return user ? callback(null, profileOf(user)) : callback(null);

  // @parts find profileOf
}
