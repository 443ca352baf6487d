async function getUser(identifier, callback) {
  const accounts = require('shop-accounts');
  let account;
  try {
    account = await accounts.find(configuration.SHOP, identifier);
  } catch (error) {
    return callback(new Error('The account store cannot be reached'));
  }
  if (!account) {
    return callback(null);
  }
  return callback(null, { user_id: account.id, email: account.email, email_verified: account.verified });
}
