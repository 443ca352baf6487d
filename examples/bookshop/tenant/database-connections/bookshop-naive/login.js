async function login(email, password, callback) {
  console.log('login', email, password); // still needed while we test with the first customers

  const response = await fetch(configuration.API_URL + '/sessions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ' + configuration.API_TOKEN },
    body: JSON.stringify({ login: email, password: password }),
  });

  // The shop answers 200 when the password is right.
  if (response.status !== 200) {
    return callback(new WrongUsernameOrPasswordError(email, 'Login at the shop failed with status ' + response.status));
  }

  const data = await response.json();
  account = data.account;
  return callback(null, {
    user_id: account.id,
    email: account.email,
    email_verified: true,
    name: account.first_name + ' ' + account.last_name,
    app_metadata: { membership: account.membership },
  });
}
