// Creates a user.
async function create(user, callback) {
  let answer;
  try {
    answer = await ask('POST', '/users', { email: user.email, password: user.password });
  } catch (error) {
    return callback(new Error('The legacy API cannot be reached'));
  }
  if (says(answer, 409, 'user_exists')) {
    return callback(new ValidationError('user_exists', 'There is a user with this e-mail'));
  }
  if (says(answer, 422, 'invalid_password') || says(answer, 422, 'invalid_email')) {
    return callback(new ValidationError(answer.body.error, 'The legacy API does not take this e-mail or password'));
  }
  return answer.status === 201 ? callback(null) : callback(new Error('The legacy API gave no answer'));

  // @parts ask says
}
