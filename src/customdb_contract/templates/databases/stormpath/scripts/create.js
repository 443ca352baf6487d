// Creates an account. Auth0 sends the verification e-mail, so the service sends none.
async function create(user, callback) {
  if (!isEmail(user.email)) {
    return callback(new ValidationError('invalid-email', 'The user store does not take this e-mail'));
  }
  if (!isSendable(user.password)) {
    return callback(new ValidationError('invalid-password', 'The user store does not take this password'));
  }
  let answer;
  try {
    answer = await ask('POST', `/applications/${configuration.APPLICATION}/accounts?registrationWorkflowEnabled=false`, {
      email: user.email,
      password: user.password,
      status: 'ENABLED',
    });
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  if (says(answer, 409, 2001)) {
    return callback(new ValidationError('user_exists', 'There is a user with this e-mail'));
  }
  if (isRefusal(answer)) {
    return callback(new ValidationError('invalid-user', 'The user store does not take this e-mail or password'));
  }
  try {
    if (answer.status !== 201 || !idOf(answer.body)) {
      unusable();
    }
  } catch (error) {
    return callback(error);
  }
  return callback(null);

  // @parts ask says isRefusal idOf unusable isEmail isSendable
}
