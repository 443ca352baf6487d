// Lets the service check a user's password.
async function login(email, password, callback) {
  // In a log-in attempt, a username ends at its first colon.
  if (!isIdentifier(email) || email.includes(':') || !isSendable(password)) {
    return callback(new WrongUsernameOrPasswordError(null, 'Wrong e-mail or password'));
  }
  let attempt;
  try {
    attempt = await ask('POST', `/applications/${configuration.APPLICATION}/loginAttempts`, {
      type: 'basic',
      value: Buffer.from(`${email}:${password}`).toString('base64'),
    });
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  // 7104: no such account; 7100: wrong password.
  if (says(attempt, 400, 7104, 7100)) {
    const known = says(attempt, 400, 7100) ? email : null;
    return callback(new WrongUsernameOrPasswordError(known, 'Wrong e-mail or password'));
  }
  // Disabled, not verified, locked, in a disabled group.
  if (says(attempt, 400, 7101, 7102, 7103, 7105)) {
    return callback(new UnauthorizedError('The account is blocked'));
  }
  let account;
  try {
    const id = attempt.status === 200 && attempt.body ? idOf(attempt.body.account) : unusable();
    const { status, body } = await ask('GET', `/accounts/${id}?expand=customData`);
    account = status === 200 && idOf(body) === id ? accountOf(body) : unusable();
  } catch {
    return callback(new Error('The user store cannot be reached'));
  }
  if (!isCalled(account, email)) {
    return callback(new Error('The user store gave an answer that cannot be used'));
  }
  if (account.status !== 'ENABLED') {
    return callback(new UnauthorizedError('The account is blocked'));
  }
  return callback(null, profileOf(account));

  // @parts ask says unusable accountOf isCalled profileOf isIdentifier isSendable
}
