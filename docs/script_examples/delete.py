from customdb_contract import Done, ScriptError


class Shop:
    def __init__(self, accounts):
        self.accounts = accounts

    def delete(self, user_id):
        try:
            self.accounts.remove(user_id)
        except OSError as error:
            raise ScriptError("The account store cannot be reached") from error
        return Done()
