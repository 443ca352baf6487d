// Changes a user's e-mail. The user_id stays the same.
async function changeEmail(email, newEmail, verified, callback) {
  if (!isEmail(newEmail)) {
    return callback(new Error('The user store does not take this e-mail'));
  }
  let isDone;
  try {
    isDone = await setEmail(email, newEmail, verified === true);
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  return callback(null, isDone);

  // @parts setEmail isEmail
}
