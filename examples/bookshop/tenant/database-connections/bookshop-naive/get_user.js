function getByEmail(email, callback) {
  fetch(configuration.API_URL + '/accounts?login=' + email, {
    headers: { Authorization: 'Bearer ' + configuration.API_TOKEN },
  })
    .then((response) => response.json())
    .then((data) => {
      const account = data.accounts[0];
      callback(null, {
        user_id: account.email,
        email: account.email,
        name: account.first_name + ' ' + account.last_name,
      });
    })
    .catch(() => {
      // There is no such account.
      callback(null);
    });
}
