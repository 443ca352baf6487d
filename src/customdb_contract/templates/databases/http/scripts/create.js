// Creates a user.
async function create(user, callback) {
  if (!isEmail(user.email)) {
    return callback(new ValidationError('invalid-email', 'The user store does not take this e-mail'));
  }
  if (!isSendable(user.password)) {
    return callback(new ValidationError('invalid-password', 'The user store does not take this password'));
  }
  let answer;
  try {
    answer = await ask('POST', '/users', { email: user.email, password: user.password });
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  if (says(answer, 409, 'user_exists')) {
    return callback(new ValidationError('user_exists', 'There is a user with this e-mail'));
  }
  if (says(answer, 422, 'invalid_user')) {
    return callback(new ValidationError('invalid-user', 'The user store does not take this e-mail or password'));
  }
  try {
    if (answer.status !== 204) {
      userOf(answer, user.email, 200, 201);
    }
  } catch (error) {
    return callback(error);
  }
  return callback(null);

  // @parts ask says userOf isEmail isSendable
}
