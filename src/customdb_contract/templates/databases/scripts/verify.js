// Notes that the user has shown to own the e-mail.
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
