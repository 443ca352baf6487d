from customdb_contract import Declined, Done, ScriptError


class Shop:
    def __init__(self, accounts):
        self.accounts = accounts

    def change_password(self, email, new_password):
        try:
            is_known = self.accounts.update(email, password=new_password)
        except OSError as error:
            raise ScriptError("The account store cannot be reached") from error
        return Done() if is_known else Declined()
