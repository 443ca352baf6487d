from customdb_contract import Declined, Done, ScriptError


class Shop:
    def __init__(self, accounts):
        self.accounts = accounts

    def change_email(self, email, new_email, verified):
        try:
            is_changed = self.accounts.update(email, email=new_email, verified=verified)
        except OSError as error:
            raise ScriptError("The account store cannot be reached") from error
        return Done() if is_changed else Declined()
