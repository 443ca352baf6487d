from customdb_contract import Done, ScriptError, ValidationError


class Shop:
    def __init__(self, accounts):
        self.accounts = accounts

    def create(self, user):
        try:
            is_new = self.accounts.add(user["email"], user["password"])
        except OSError as error:
            raise ScriptError("The account store cannot be reached") from error
        if not is_new:
            raise ValidationError("user_exists", "There is an account with this e-mail")
        return Done()
