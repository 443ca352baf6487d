// Lets the legacy API check a user's password.
async function login(email, password, callback) {
  if (!isIdentifier(email) || !isSendable(password)) {
    return callback(new WrongUsernameOrPasswordError(null, 'Wrong e-mail or password'));
  }
  let answer;
  try {
    answer = await ask('POST', '/login', { identifier: email, password });
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  if (says(answer, 401, 'wrong_credentials') || says(answer, 404, 'no_such_user')) {
    return callback(new WrongUsernameOrPasswordError(null, 'Wrong e-mail or password'));
  }
  if (says(answer, 403, 'blocked')) {
    return callback(new UnauthorizedError('The account is blocked'));
  }
  let user;
  try {
    user = userOf(answer, email, 200);
  } catch (error) {
    return callback(error);
  }
  return callback(null, profileOf(user));

  // @parts ask says userOf profileOf isIdentifier isSendable
}
