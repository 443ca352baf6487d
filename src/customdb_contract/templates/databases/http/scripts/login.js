// Checks a user's password.
async function login(email, password, callback) {
  let answer;
  try {
    answer = await ask('POST', '/login', { email, password });
  } catch (error) {
    return callback(new Error('The legacy API cannot be reached'));
  }
  if (says(answer, 401, 'wrong_credentials')) {
    return callback(new WrongUsernameOrPasswordError(null, 'Wrong e-mail or password'));
  }
  if (says(answer, 403, 'blocked')) {
    return callback(new UnauthorizedError('The account is blocked'));
  }
  if (answer.status !== 200 || !isUser(answer.body)) {
    return callback(new Error('The legacy API gave no answer'));
  }
  return callback(null, profileOf(answer.body));

  // @parts ask says isUser profileOf
}
