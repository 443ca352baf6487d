from customdb_contract import Declined, Done, ScriptError


class Shop:
    def __init__(self, accounts):
        self.accounts = accounts

    def verify(self, email):
        try:
            is_known = self.accounts.update(email, verified=True)
        except OSError as error:
            raise ScriptError("The account store cannot be reached") from error
        return Done() if is_known else Declined()
