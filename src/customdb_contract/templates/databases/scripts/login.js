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
    // The stored password is in no known format.
    return callback(error);
  }
  if (!user || !isRight) {
    // With an identifier, Auth0 logs a wrong password of that user; without one, an unknown user.
    return callback(new WrongUsernameOrPasswordError(user ? user.email : null, 'Wrong e-mail or password'));
  }
  if (user.blocked) {
    return callback(new UnauthorizedError('The account is blocked'));
  }
  return callback(null, profileOf(user));

  // @parts find isPasswordOf profileOf
}
