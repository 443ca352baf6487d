// Deletes a user by the user_id, which comes without the prefix "auth0|". Who is not there any more is deleted.
async function remove(id, callback) {
  let answer;
  try {
    answer = await ask('DELETE', `/users/${encodeURIComponent(id)}`);
  } catch (error) {
    return callback(new Error('The legacy API cannot be reached'));
  }
  const isGone = answer.status === 200 || says(answer, 404, 'no_such_user');
  return isGone ? callback(null) : callback(new Error('The legacy API gave no answer'));

  // @parts ask says
}
