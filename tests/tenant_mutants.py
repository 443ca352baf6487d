"""Databases with one flaw each, visible not in a single call but in the life of a user at the tenant."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from attrs import frozen
from typing_extensions import override

from customdb_contract import Declined, Done, Failed, Found, NotFound, ValidationError, WrongUsernameOrPasswordError
from writing_shop import Record, WritingShop

__all__ = ["FLAWED", "Flawed"]

_Shop = TypeVar("_Shop", bound=WritingShop)

_REFUSAL = "Wrong e-mail or password"


@frozen
class Flawed:
    """A database with a flaw.

    Args:
        make: Creates it, with an empty store.
        found: What the machine must find; further findings are allowed.
        import_mode: Whether import mode is on at first.
    """

    make: Callable[[], Any]
    found: str
    import_mode: bool


FLAWED: dict[str, Flawed] = {}


def flawed(found: str, *, import_mode: bool = False) -> Callable[[type[_Shop]], type[_Shop]]:
    """Register a class as a database whose lives have findings."""

    def note(shop: type[_Shop]) -> type[_Shop]:
        FLAWED[shop.__name__] = Flawed(lambda: shop(is_empty=True), found, import_mode)
        return shop

    return note


# Passwords


@flawed("change-password-ineffective")
class OldPasswordStillWorks(WritingShop):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.former: dict[int, set[str]] = {}

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        row = self.find(email)
        if row is not None:
            self.former.setdefault(row.number, set()).add(row.password)
        return super().change_password(email, new_password)

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is not None and password in self.former.get(row.number, ()):
            return Found(self.profile(row))
        return super().login(identifier, password)


@flawed("create-not-visible")
class CreateStoresAnothersPassword(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add(user)
        self.records[-1].password = self.records[0].password


@flawed("wrong-password-lets-in")
class PasswordTruncated(WritingShop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is not None and row.password[:8] == password[:8]:
            return Found(self.profile(row))
        return super().login(identifier, password)


@flawed("wrong-password-lets-in")
class RemembersWhoCameLast(WritingShop):
    """Lets the last user who logged in log in again without a password."""

    last = 0

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is not None and row.number == self.last:
            return Found(self.profile(row))
        result = super().login(identifier, password)
        self.last = row.number if row is not None else 0
        return result


@flawed("change-password-ineffective")
class ChangesThePasswordOfTheNewest(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        if self.find(email) is None:
            return Declined()
        self.records[-1].password = new_password
        return Done()


@flawed("somebody-denied")
class NewPasswordWorksOnce(WritingShop):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.once: set[int] = set()

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        row = self.find(email)
        if row is not None:
            self.once.add(row.number)
        return super().change_password(email, new_password)

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        result = super().login(identifier, password)
        row = self.find(identifier)
        if row is not None and row.number in self.once:
            self.once.remove(row.number)
            row.password = "used up"
        return result


@flawed("somebody-denied")
class WrongPasswordLocksOut(WritingShop):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.locked: set[int] = set()

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is not None and row.number in self.locked:
            raise WrongUsernameOrPasswordError(None, _REFUSAL)
        if row is not None and row.password != password:
            self.locked.add(row.number)
        return super().login(identifier, password)


@flawed("somebody-denied")
class RehashesWrongly(WritingShop):
    """Writes a hash of another text at the third log-in."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.logins: dict[int, int] = {}

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        result = super().login(identifier, password)
        row = self.find(identifier)
        if row is not None:
            self.logins[row.number] = self.logins.get(row.number, 0) + 1
            if self.logins[row.number] == 2:
                row.password = row.password.upper()
        return result


@flawed("somebody-denied", import_mode=True)
class ResetChangesNothing(WritingShop):
    """Leaves the new password to Auth0 alone: once import mode is off, the old one works."""

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        return Declined() if self.find(email) is None else Done()


@flawed("log-names-another-user")
class NamesWhoCameLast(WritingShop):
    last: str | None = None

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        try:
            result = super().login(identifier, password)
        except WrongUsernameOrPasswordError:
            raise WrongUsernameOrPasswordError(self.last, _REFUSAL) from None
        self.last = identifier
        return result


# E-mails


class _KeyedByFirstEmail(WritingShop):
    """Keeps an index of e-mails that a change of e-mail does not update."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.index: dict[str, int] = {}

    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add(user)
        self.index[user["email"].lower()] = self.records[-1].number

    def indexed(self, identifier: Any) -> Record | None:
        number = self.index.get(identifier.lower())
        return next((row for row in self.rows() if row.number == number), None)


@flawed("change-email-ineffective")
class GetUserKeyedByFirstEmail(_KeyedByFirstEmail):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.indexed(identifier)
        return NotFound() if row is None else Found(self.profile(row))


@flawed("change-email-ineffective")
class OldEmailStillLogsIn(_KeyedByFirstEmail):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.indexed(identifier)
        if row is not None and row.password == password:
            return Found(self.profile(row))
        return super().login(identifier, password)


@flawed("change-email-ineffective")
class PasswordsKeyedByEmail(WritingShop):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.passwords: dict[str, str] = {}

    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add(user)
        self.passwords[user["email"].lower()] = user["password"]

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        self.passwords[email.lower()] = new_password
        return super().change_password(email, new_password)

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is None or self.passwords.get(identifier.lower()) != password:
            raise WrongUsernameOrPasswordError(None, _REFUSAL)
        return Found(self.profile(row))


@flawed("user-id-changes-with-profile")
class UserIdMadeOfTheEmail(WritingShop):
    @override
    def user_id(self, row: Record) -> str:
        return f"shop-{row.email.partition('@')[0]}"


@flawed("change-email-ineffective")
class UnverifiedEmailsLogNobodyIn(WritingShop):
    """Refuses a user who has changed their e-mail until the new one is verified."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.changed: set[int] = set()

    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        row = self.find(email)
        if row is not None:
            self.changed.add(row.number)
        return super().change_email(email, new_email, verified)

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is not None and row.number in self.changed and not row.verified:
            raise WrongUsernameOrPasswordError(None, _REFUSAL)
        return super().login(identifier, password)


@flawed("verify-not-reflected")
class VerifiesTheNewest(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        if self.find(email) is None:
            return Declined()
        self.records[-1].verified = True
        return Done()


@flawed("somebody-denied")
class LowerCasesAfterTheCheck(WritingShop):
    """Treats an upper-case e-mail as unused and stores it in lower case: two rows then share it."""

    @override
    def get_user(self, identifier: Any) -> Any:
        row = next((row for row in self.rows() if row.email == identifier), None)
        return NotFound() if row is None else Found(self.profile(row))

    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        if any(row.email == user["email"] for row in self.rows()):
            return Failed(ValidationError("user_exists", "There is such a user already"))
        self.add({**user, "email": user["email"].lower()})
        return Done()


# Identity


@flawed("one-person-two-users")
class ResetMakesAnotherUserId(WritingShop):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.resets: dict[int, int] = {}

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        row = self.find(email)
        if row is not None:
            self.resets[row.number] = self.resets.get(row.number, 0) + 1
        return super().change_password(email, new_password)

    @override
    def user_id(self, row: Record) -> str:
        return f"shop-{row.number}-{self.resets.get(row.number, 0)}"

    @override
    def delete(self, user_id: Any) -> Any:
        self.records = [row for row in self.rows() if not user_id.startswith(f"shop-{row.number}-")]
        return Done()


@flawed("one-person-two-users", import_mode=True)
class ResetMovesToAnotherTable(ResetMakesAnotherUserId):
    pass


@flawed("one-person-two-users")
class LoginInsertsAgain(WritingShop):
    """Inserts the row again at every third log-in, with a new number."""

    logins = 0

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        result = super().login(identifier, password)
        self.logins += 1
        row = self.find(identifier)
        if row is not None and self.logins % 3 == 0:
            self.numbers += 1
            row.number = self.numbers
        return result


@flawed("two-people-one-user")
class CountsItsRowsForAnId(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add(user)
        self.records[-1].number = len(self.records)


@flawed("two-people-one-user")
class ServesThePreviousProfile(WritingShop):
    """Caches the profile, and clears the cache only on writes."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.cached: Record | None = None

    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        if row is None:
            return NotFound()
        self.cached = self.cached or row
        return Found(self.profile(self.cached))

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        self.cached = None
        return super().change_password(email, new_password)


@flawed("wrong-users-profile", import_mode=True)
class ServesThePreviousProfileToWhoMoves(WritingShop):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.cached: Record | None = None

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        result = super().login(identifier, password)
        self.cached = self.cached or self.find(identifier)
        return result if self.cached is None else Found(self.profile(self.cached))


# Sign-up and deletion


@flawed("delete-ineffective")
class DeleteLeavesTheLogIn(WritingShop):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.hidden: list[Record] = []

    @override
    def delete(self, user_id: Any) -> Any:
        self.hidden += [row for row in self.rows() if self.user_id(row) == user_id]
        return super().delete(user_id)

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        for row in self.hidden:
            if (row.email.lower(), row.password) == (identifier.lower(), password):
                return Found(self.profile(row))
        return super().login(identifier, password)


@flawed("wrong-password-lets-in")
class ReturnsWithTheOldPassword(DeleteLeavesTheLogIn):
    """Accepts the old password, beside the new one, of a user who returns after a deletion."""

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is not None:
            for former in self.hidden:
                if (former.email.lower(), former.password) == (identifier.lower(), password):
                    return Found(self.profile(row))
        return WritingShop.login(self, identifier, password)


@flawed("somebody-denied")
class DeletesTheNeighbourToo(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        super().delete(user_id)
        del self.records[:1]
        return Done()


@flawed("create-not-visible")
class RemembersWhoWasNotThere(WritingShop):
    """Caches for a while that a user was not found."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.missing: set[str] = set()
        self.asked = 0

    @override
    def get_user(self, identifier: Any) -> Any:
        self.asked += 1
        if self.asked > 3 and identifier.lower() in self.missing:
            return NotFound()
        result = super().get_user(identifier)
        if isinstance(result, NotFound):
            self.missing.add(identifier.lower())
        return result


# Migration


class _Marking(WritingShop):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.moved: set[int] = set()

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        result = super().login(identifier, password)
        row = self.find(identifier)
        if row is not None:
            self.moved.add(row.number)
        return result


@flawed("somebody-denied", import_mode=True)
class MarkerHidesWhoMoved(_Marking):
    @override
    def find(self, identifier: object) -> Record | None:
        row = super().find(identifier)
        return None if row is None or row.number in self.moved else row


@flawed("login-without-get-user", import_mode=True)
class MarkerHidesFromGetUser(_Marking):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None or row.number in self.moved else Found(self.profile(row))


@flawed("metadata-lost-in-migration", import_mode=True)
class MetadataOnlyOnce(_Marking):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        has_moved = row is not None and row.number in self.moved
        result = super().login(identifier, password)
        return result if has_moved else Found({**result.profile, "app_metadata": {"plan": "full"}})

    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None else Found({**self.profile(row), "app_metadata": {"plan": "full"}})


@flawed("metadata-lost-in-migration", import_mode=True)
class MetadataEveryOtherTime(WritingShop):
    logins = 0

    @override
    def profile(self, row: Record) -> dict[str, object]:
        self.logins += 1
        given = super().profile(row)
        return given | {"app_metadata": {"plan": "full"}} if self.logins % 2 else given


@flawed("unstable-user-id", import_mode=True)
class UserIdChangesWithTheMove(_Marking):
    @override
    def user_id(self, row: Record) -> str:
        return f"{'moved' if row.number in self.moved else 'shop'}-{row.number}"
