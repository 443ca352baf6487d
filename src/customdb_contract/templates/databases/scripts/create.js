// Creates a user.
async function create(user, callback) {
  if (!isEmail(user.email)) {
    return callback(new ValidationError('invalid-email', 'The user store does not take this e-mail'));
  }
  if (!isHashable(user.password)) {
    return callback(new ValidationError('password-too-long', 'The password has more than 72 bytes'));
  }
  let isNew;
  try {
    isNew = await insert(user.email, await hashOf(user.password));
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  return isNew ? callback(null) : callback(new ValidationError('user_exists', 'There is a user with this e-mail'));

  // @parts insert hashOf isHashable isEmail
}
