// Gives a user another password.
async function changePassword(email, newPassword, callback) {
  let answer;
  try {
    answer = await ask('PUT', '/users/password', { email, password: newPassword });
  } catch (error) {
    return callback(new Error('The legacy API cannot be reached'));
  }
  if (says(answer, 404, 'no_such_user')) {
    return callback(null, false);
  }
  return answer.status === 200 ? callback(null, true) : callback(new Error('The legacy API gave no answer'));

  // @parts ask says
}
