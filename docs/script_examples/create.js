async function create(user, callback) {
  const accounts = require('shop-accounts');
  let isNew;
  try {
    isNew = await accounts.add(configuration.SHOP, user.email, user.password);
  } catch (error) {
    return callback(new Error('The account store cannot be reached'));
  }
  return callback(isNew ? null : new ValidationError('user_exists', 'There is an account with this e-mail'));
}
