async function login(identifier, password, callback) {
  const accounts = require('shop-accounts');
  let account;
  let isRight;
  try {
    account = await accounts.find(configuration.SHOP, identifier);
    isRight = account && (await accounts.isPassword(account, password));
  } catch (error) {
    return callback(new Error('The account store cannot be reached'));
  }
  if (!isRight) {
    return callback(new WrongUsernameOrPasswordError(account ? account.id : null, 'Wrong e-mail or password'));
  }
  return callback(null, { user_id: account.id, email: account.email, email_verified: account.verified });
}
