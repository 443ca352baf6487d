async function deleteUser(id, callback) {
  const accounts = require('shop-accounts');
  try {
    await accounts.remove(configuration.SHOP, id);
  } catch (error) {
    return callback(new Error('The account store cannot be reached'));
  }
  return callback(null);
}
