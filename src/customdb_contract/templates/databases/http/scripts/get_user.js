// Finds a user without a password.
async function getUser(email, callback) {
  let answer;
  try {
    answer = await ask('GET', `/users?${new URLSearchParams({ email })}`);
  } catch (error) {
    return callback(new Error('The legacy API cannot be reached'));
  }
  // A 404 of a proxy, or for a wrong address, says nothing about the user.
  if (says(answer, 404, 'no_such_user')) {
    return callback(null);
  }
  if (answer.status !== 200 || !isUser(answer.body)) {
    return callback(new Error('The legacy API gave no answer'));
  }
  return callback(null, profileOf(answer.body));

  // @parts ask says isUser profileOf
}
