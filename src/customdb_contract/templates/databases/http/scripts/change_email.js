// Gives a user another e-mail. The user_id stays as it is.
async function changeEmail(email, newEmail, verified, callback) {
  let answer;
  try {
    answer = await ask('PUT', '/users/email', { email, new_email: newEmail, verified: verified === true });
  } catch (error) {
    return callback(new Error('The legacy API cannot be reached'));
  }
  if (says(answer, 404, 'no_such_user') || says(answer, 409, 'user_exists')) {
    return callback(null, false);
  }
  return answer.status === 200 ? callback(null, true) : callback(new Error('The legacy API gave no answer'));

  // @parts ask says
}
