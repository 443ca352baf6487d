// Changes a user's password.
async function changePassword(email, newPassword, callback) {
  if (!isHashable(newPassword)) {
    return callback(new ValidationError('password-too-long', 'The password has more than 72 bytes'));
  }
  let isDone;
  try {
    isDone = await setPassword(email, await hashOf(newPassword));
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  return callback(null, isDone);

  // @parts setPassword hashOf isHashable
}
