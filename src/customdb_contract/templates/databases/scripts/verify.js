// Marks the user's e-mail as verified.
async function verify(email, callback) {
  let isDone;
  try {
    isDone = await setVerified(email);
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  return callback(null, isDone);

  // @parts setVerified
}
