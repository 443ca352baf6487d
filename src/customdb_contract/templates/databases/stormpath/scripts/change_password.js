// Changes a user's password.
async function changePassword(email, newPassword, callback) {
  if (!isSendable(newPassword)) {
    return callback(new ValidationError('invalid-password', 'The user store does not take this password'));
  }
  let outcome;
  try {
    const account = await find(email);
    outcome = account ? await change(account, { password: newPassword }) : 'unchanged';
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  if (outcome === 'refused') {
    return callback(new ValidationError('invalid-password', 'The user store does not take this password'));
  }
  return callback(null, outcome === 'changed');

  // @parts find change isSendable
}
