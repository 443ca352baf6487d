// Deletes a user by the user_id, which comes without the prefix "auth0|". Who is not there any more is deleted.
async function remove(id, callback) {
  try {
    await deleteById(id);
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  return callback(null);

  // @parts deleteById
}
