// Checks a user's password.
async function login(email, password, callback) {
  let user;
  let isRight;
  try {
    user = await find(email);
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  try {
    isRight = await isPasswordOf(user, password);
  } catch (error) {
    // The row has something that is no password of a known format.
    return callback(error);
  }
  if (!user || !isRight) {
    // Auth0 logs whose password was wrong if it is told, and otherwise that there is no such user.
    return callback(new WrongUsernameOrPasswordError(user ? user.email : null, 'Wrong e-mail or password'));
  }
  if (user.blocked) {
    return callback(new UnauthorizedError('The account is blocked'));
  }
  return callback(null, profileOf(user));

  // @parts find isPasswordOf profileOf
}
