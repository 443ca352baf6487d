// Changes a user's password.
async function changePassword(email, newPassword, callback) {
  if (!isSendable(newPassword)) {
    return callback(new ValidationError('invalid-password', 'The user store does not take this password'));
  }
  let user;
  try {
    user = await change(email, { password: newPassword });
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  return callback(null, Boolean(user));

  // @parts change isSendable
}
