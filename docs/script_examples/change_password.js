async function changePassword(email, newPassword, callback) {
  const accounts = require('shop-accounts');
  let isKnown;
  try {
    isKnown = await accounts.update(configuration.SHOP, email, { password: newPassword });
  } catch (error) {
    return callback(new Error('The account store cannot be reached'));
  }
  return callback(null, isKnown);
}
