// Deletes a user by the user_id, which comes without the prefix "auth0|". An unknown user counts as deleted.
async function remove(id, callback) {
  try {
    await deleteById(id);
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  return callback(null);

  // @parts deleteById
}
