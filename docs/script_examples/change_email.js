async function changeEmail(email, newEmail, verified, callback) {
  const accounts = require('shop-accounts');
  let isChanged;
  try {
    isChanged = await accounts.update(configuration.SHOP, email, { email: newEmail, verified });
  } catch (error) {
    return callback(new Error('The account store cannot be reached'));
  }
  return callback(null, isChanged);
}
