from customdb_contract import Found, ScriptError, WrongUsernameOrPasswordError


class Shop:
    def __init__(self, accounts):
        self.accounts = accounts

    def login(self, identifier, password):
        try:
            account = self.accounts.find(identifier)
        except OSError as error:
            raise ScriptError("The account store cannot be reached") from error
        if account is None:
            raise WrongUsernameOrPasswordError(None, "Wrong e-mail or password")
        if not account.is_password(password):
            raise WrongUsernameOrPasswordError(account.id, "Wrong e-mail or password")
        return Found({"user_id": account.id, "email": account.email, "email_verified": account.verified})
