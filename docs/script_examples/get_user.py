from customdb_contract import Found, NotFound, ScriptError


class Shop:
    def __init__(self, accounts):
        self.accounts = accounts

    def get_user(self, identifier):
        try:
            account = self.accounts.find(identifier)
        except OSError as error:
            raise ScriptError("The account store cannot be reached") from error
        if account is None:
            return NotFound()
        return Found({"user_id": account.id, "email": account.email, "email_verified": account.verified})
