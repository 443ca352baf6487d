"""Deliberately wrong databases: each breach is reported by its own rule, and by no other."""

import json
import re
import sqlite3
import threading
import unicodedata
import uuid
from abc import abstractmethod
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Final, Self, TypeVar

import pytest
from attrs import evolve
from typing_extensions import override

from customdb_contract import (
    Failed,
    Found,
    KnownUser,
    NotFound,
    ScriptError,
    WrongUsernameOrPasswordError,
)
from mutants import (
    REFUSAL,
    ROWS,
    Mutant,
    Row,
    Shop,
    breaches,
    explain,
    informed,
    known_users,
    report_on,
    sql_store,
)
from rules.comparing import without_path

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

MUTANTS: dict[str, Mutant] = {}
_Database = TypeVar("_Database", bound=type)


def fires(
    *rules: str,
    imported: Collection[str] | None = None,
    tells: Collection[str] = (),
    users: Callable[[], list[KnownUser]] = known_users,
    **settings: bool,
) -> Callable[[_Database], _Database]:
    """Register a class as a mutant on which exactly these rules fire; those in `tells` only inform."""

    def note(make: _Database) -> _Database:
        timeout = 1.0 if "callback-not-called" in rules else 20.0
        MUTANTS[make.__name__] = Mutant(make, rules, imported, tells, settings, users, timeout)
        return make

    return note


# The user_id


@fires(tells=("missing-user-id",))
class IdInsteadOfUserId(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        profile = super().profile(row)
        return {"id": profile.pop("user_id"), **profile}


@fires("user-id-not-a-string")
class NumericUserId(Shop):
    @override
    def user_id(self, row: Row) -> Any:
        return row.number


@fires("user-id-not-a-string")
class NumericUserIdInLoginOnly(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None else Found(self.profile(row) | {"user_id": str(row.number)})

    @override
    def user_id(self, row: Row) -> Any:
        return row.number


@fires("unstable-user-id")
class RandomUserId(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"user_id": str(uuid.uuid4())}


@fires("mismatched-user-id")
class AnotherUserIdInLogin(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        result = super().login(identifier, password)
        return Found({**result.profile, "user_id": f"login-{result.profile['user_id']}"})


@fires("mutable-user-id", "user-id-depends-on-identifier")
class UserIdIsWhatWasTyped(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None else Found(self.profile(row) | {"user_id": identifier})

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        return Found({**super().login(identifier, password).profile, "user_id": identifier})


@fires("user-id-depends-on-identifier")
class UserIdFollowsTheSpelling(Shop):
    @override
    def find(self, identifier: Any) -> Row | None:
        self.typed = str(identifier)
        return super().find(identifier)

    @override
    def user_id(self, row: Row) -> Any:
        return f"shop-{row.number}-{len(self.typed)}-{self.typed.isupper()}"


@fires("mutable-user-id")
class UserIdIsTheEmail(Shop):
    @override
    def user_id(self, row: Row) -> Any:
        return row.email.lower()


@fires("prefixed-user-id")
class PrefixedUserId(Shop):
    @override
    def user_id(self, row: Row) -> Any:
        return f"auth0|{row.number}"


@fires("missing-user-id")
class NoUserId(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return {name: value for name, value in super().profile(row).items() if name != "user_id"}


@fires("shared-user-id")
class SharedUserId(Shop):
    @override
    def user_id(self, row: Row) -> Any:
        return "shop"


@fires("invalid-user-id")
class UndefinedUserId(Shop):
    @override
    def user_id(self, row: Row) -> Any:
        return "undefined"


# How scripts end


@fires("not-found-not-null")
class EmptyObjectForUnknown(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return Found({} if row is None else self.profile(row))


@fires("not-found-not-null")
class ErrorForUnknown(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return Failed(ScriptError("no such user")) if row is None else Found(self.profile(row))


@fires("throws-synchronously")
class RaisesForUnknown(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        if row is None:
            raise KeyError(identifier)
        return Found(self.profile(row))


@fires("profile-not-an-object")
class NoneForUnknown(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return None if row is None else Found(self.profile(row))


@fires("profile-not-an-object")
class BareDictionary(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None else self.profile(row)


@fires("profile-not-an-object")
class ListOfProfiles(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        profiles: Any = [] if row is None else [self.profile(row)]
        return Found(profiles) if profiles else NotFound()


@fires("error-not-an-error-object")
class TextAsError(Shop):
    @override
    def rows(self) -> tuple[Row, ...]:
        return ROWS

    @override
    def get_user(self, identifier: Any) -> Any:
        return Failed("the store is down") if self.is_down else super().get_user(identifier)

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        return Failed("the store is down") if self.is_down else super().login(identifier, password)


class _WithCallback:
    """The shop in callback style."""

    def __init__(self, *, is_down: bool = False) -> None:
        self.shop = Shop(is_down=is_down)

    def login(self, identifier: Any, password: Any, callback: Callable[..., None]) -> None:
        try:
            callback(None, self.shop.login(identifier, password).profile)
        except ScriptError as error:
            callback(error)

    def get_user(self, identifier: Any, callback: Callable[..., None]) -> None:
        try:
            result = self.shop.get_user(identifier)
        except ScriptError as error:
            return callback(error)
        return callback(None, result.profile) if isinstance(result, Found) else callback(None)


@fires("callback-called-twice")
class CallsBackTwice(_WithCallback):
    @override
    def get_user(self, identifier: Any, callback: Callable[..., None]) -> None:
        super().get_user(identifier, callback)
        callback(None)


@fires("callback-not-called")
class NeverCallsBackForUnknown(_WithCallback):
    @override
    def get_user(self, identifier: Any, callback: Callable[..., None]) -> None:
        super().get_user(identifier, lambda *arguments: callback(*arguments) if any(arguments) else None)


@fires("callback-not-called")
class NeverCallsBackInAnOutage(_WithCallback):
    @override
    def login(self, identifier: Any, password: Any, callback: Callable[..., None]) -> None:
        if not self.shop.is_down:
            super().login(identifier, password, callback)


@fires("uncaught-async-exception")
class RaisesInAThread(_WithCallback):
    @override
    def get_user(self, identifier: Any, callback: Callable[..., None]) -> None:
        super().get_user(identifier, callback)
        if self.shop.is_down:
            thread = threading.Thread(target=self.shop.rows)
            thread.start()
            thread.join()


@fires("wrong-arity")
class WrongArity(Shop):
    @override
    def get_user(self) -> Any:  # type: ignore[override]  # the mutation
        return NotFound()


@fires("script-not-implemented")
class Template(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        raise ScriptError("Please implement the Get User script for this database connection")


@fires("login-null-result")
class NullForWrongPassword(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        return (
            NotFound() if row is None or not self.matches(row, password) or row.disabled else Found(self.profile(row))
        )


@fires("wrong-password-not-reported")
class ErrorForWrongPassword(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        try:
            return super().login(identifier, password)
        except WrongUsernameOrPasswordError as error:
            if error.identifier is None:
                raise
            raise ScriptError(error.message) from error


@fires("unknown-user-not-reported")
class ErrorForUnknownAtLogin(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        try:
            return super().login(identifier, password)
        except WrongUsernameOrPasswordError as error:
            if error.identifier is not None:
                raise
            raise ScriptError(error.message) from error


@fires("wrong-password-not-reported", "unknown-user-not-reported")
class ErrorForAllWrongCredentials(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        try:
            return super().login(identifier, password)
        except WrongUsernameOrPasswordError as error:
            raise ScriptError(error.message) from error


@fires("login-outage-as-wrong-password")
class OutageAsWrongPassword(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        if self.is_down:
            raise WrongUsernameOrPasswordError(None, REFUSAL)
        return super().login(identifier, password)


@fires("outage-as-not-found")
class OutageAsNotFound(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        return NotFound() if self.is_down else super().get_user(identifier)


@fires("login-null-result")
class OutageAsNullAtLogin(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        return NotFound() if self.is_down else super().login(identifier, password)


@fires("throws-synchronously")
class RaisesInAnOutage(Shop):
    @override
    def rows(self) -> tuple[Row, ...]:
        if self.is_down:
            raise ConnectionRefusedError("no route")
        return ROWS


@fires("get-user-ignores-identifier")
class AlwaysTheFirst(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        return Found(self.profile(self.rows()[0]))


@fires("inconsistent-error-identifier")
class MessageAsIdentifier(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        try:
            return super().login(identifier, password)
        except WrongUsernameOrPasswordError as error:
            if error.identifier is None:
                raise
            raise WrongUsernameOrPasswordError(REFUSAL, REFUSAL) from error


# Look-ups


@fires("case-sensitive-identifier", imported=("case-sensitive-identifier",))
class CaseSensitive(Shop):
    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        return identifier in (row.email, row.username)


@fires("case-sensitive-identifier")
class CaseSensitiveGetUser(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        known = any(identifier in (row.email, row.username) for row in self.rows())
        return super().get_user(identifier) if known else NotFound()


class _Sql(Shop):
    """The shop over a real database, with the query left out."""

    query = "SELECT number FROM users WHERE lower(email) = lower(?)"

    def __init__(self, *, is_down: bool = False) -> None:
        super().__init__(is_down=is_down)
        self.connection = sql_store()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.connection.close()

    def numbers(self, identifier: Any) -> Any:
        return self.connection.execute(self.query, (identifier,)).fetchone()

    @override
    def find(self, identifier: Any) -> Row | None:
        rows = self.rows()
        if not isinstance(identifier, str) or len(identifier) > 254:
            return None
        try:
            found = self.numbers(identifier)
        except UnicodeError:
            return None
        return next((row for row in rows if found and row.number == found[0]), None)


@fires()
class Parameters(_Sql):
    pass


@fires("wildcard-identifier")
class Like(_Sql):
    query = "SELECT number FROM users WHERE email LIKE ?"


@fires("sql-injection")
class Formatted(_Sql):
    @override
    def numbers(self, identifier: Any) -> Any:
        query = f"SELECT number FROM users WHERE lower(email) = lower('{identifier}')"
        return self.connection.execute(query).fetchone()


class _CarefulGetUser(Shop):
    """Only login accepts hostile identifiers, and compares the password of the user it finds."""

    @override
    def get_user(self, identifier: Any) -> Any:
        row = Shop.find(self, identifier)
        return NotFound() if row is None else Found(self.profile(row))


@fires("sql-injection")
class FormattedInLogin(_CarefulGetUser, Formatted):
    pass


@fires("nosql-injection")
class JsonOfTexts(_CarefulGetUser):
    @override
    def find(self, identifier: Any) -> Row | None:
        try:
            wanted = json.loads('{"email":"' + identifier + '"}')
        except ValueError:
            return None
        return super().find(wanted["email"])


class _Patterns(_CarefulGetUser):
    """A store that understands more than plain identifiers."""

    @abstractmethod
    def clauses(self, identifier: str) -> list[str]: ...

    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        clauses = self.clauses(identifier) if len(identifier) < 255 else ()
        return any(fnmatchcase(row.email.lower(), clause.lower()) for clause in clauses)


@fires("ldap-injection", "wildcard-identifier")
class DirectoryFilterOfTexts(_Patterns):
    @override
    def clauses(self, identifier: str) -> list[str]:
        return re.findall(r"\((?:mail|uid|objectClass)=([^()]*)\)", f"(mail={identifier})")


@fires("search-query-injection", "wildcard-identifier")
class LenientSearchQuery(_Patterns):
    @override
    def clauses(self, identifier: str) -> list[str]:
        return [part.removeprefix("email:") for part in re.split(r"[()|]| OR ", identifier) if part]


@fires("sql-injection")
class FormattedWithErrorsWrapped(Formatted):
    @override
    def numbers(self, identifier: Any) -> Any:
        try:
            return super().numbers(identifier)
        except sqlite3.Error as error:
            raise ScriptError("the query failed") from error


@fires("sql-injection")
class FormattedButChecked(Formatted):
    @override
    def numbers(self, identifier: Any) -> Any:
        try:
            found = super().numbers(identifier)
        except sqlite3.Error as error:
            raise ScriptError(str(error)) from error
        return found if any(identifier.lower() == row.email.lower() for row in ROWS) else None


@fires("wildcard-identifier")
class Prefix(Shop):
    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        return isinstance(identifier, str) and len(identifier) > 3 and row.email.lower().startswith(identifier.lower())


@fires("slow-on-long-input")
class Backtracks(Shop):
    """Matches an e-mail by an expression with one repetition within another."""

    @override
    def get_user(self, identifier: Any) -> Any:
        re.match(r"([a-z]+[.-]?)+@", identifier)
        return super().get_user(identifier)


@fires("unicode-collision")
class AccentInsensitive(Shop):
    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        return isinstance(identifier, str) and _without_accents(identifier) == row.email.lower()


def _without_accents(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one)).lower()


_SHARP: Final = Row(11, "stra\N{LATIN SMALL LETTER SHARP S}e@example.com", "Down the road", username="road")


def _with_a_sharp_s() -> list[KnownUser]:
    return [*known_users(), KnownUser(email=_SHARP.email, username=_SHARP.username, password=_SHARP.password)]


@fires("unicode-collision", users=_with_a_sharp_s)
class FoldsCase(Shop):
    """Treats ss as a sharp s, as str.casefold() does and str.lower() does not."""

    @override
    def rows(self) -> tuple[Row, ...]:
        return (*super().rows(), _SHARP)

    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        return isinstance(identifier, str) and identifier.casefold() in {row.email.casefold(), row.username}


@fires(users=_with_a_sharp_s)
class LowersASharpS(FoldsCase):
    """Keeps the two apart."""

    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        return isinstance(identifier, str) and identifier.lower() in {row.email.lower(), row.username}


@fires("empty-identifier-accepted")
class EmptyIsTheFirst(Shop):
    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        return identifier == "" or super().denotes(identifier, row)


@fires(tells=("inconsistent-trimming",))
class TrimsInOneScript(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        return super().get_user(identifier.strip() if isinstance(identifier, str) else identifier)


@fires("username-not-accepted", requires_username=True)
class UsernameNotAccepted(Shop):
    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        return isinstance(identifier, str) and identifier.lower() == row.email.lower()


@fires("login-without-get-user")
class GetUserKnowsVerifiedOnly(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None or not row.verified else Found(self.profile(row))


# Passwords


@fires("empty-password-accepted")
class EmptyPassword(Shop):
    @override
    def matches(self, row: Row, password: Any) -> bool:
        return not password or super().matches(row, password)


@fires("password-compared-loosely")
class CaseInsensitivePassword(Shop):
    @override
    def matches(self, row: Row, password: Any) -> bool:
        return bool(password.lower() == row.password.lower())


@fires("password-compared-loosely")
class TrimmedPassword(Shop):
    @override
    def matches(self, row: Row, password: Any) -> bool:
        return bool(password.strip() == row.password)


@fires("password-truncated")
class CutPassword(Shop):
    @override
    def matches(self, row: Row, password: Any) -> bool:
        return bool(password.encode("utf-8", "replace")[:72] == row.password.encode()[:72])


@fires("password-nul-truncated")
class NulCutPassword(Shop):
    @override
    def matches(self, row: Row, password: Any) -> bool:
        return bool(password.split("\0")[0] == row.password)


@fires("wrong-password-not-reported")
class AnyPassword(Shop):
    @override
    def matches(self, row: Row, password: Any) -> bool:
        return True


@fires("wrong-password-not-reported")
class AnyPasswordOfTheFirst(Shop):
    @override
    def matches(self, row: Row, password: Any) -> bool:
        return row is ROWS[0] or super().matches(row, password)


@fires("wrong-password-not-reported")
class AnyPasswordOfTheLast(Shop):
    @override
    def matches(self, row: Row, password: Any) -> bool:
        return row is ROWS[-1] or super().matches(row, password)


def one_without_known_password() -> list[KnownUser]:
    return [evolve(user, password=None) if user.email == "bob@example.com" else user for user in known_users()]


@fires("wrong-password-not-reported", users=one_without_known_password)
class AnyPasswordWhereNoneIsKnown(Shop):
    @override
    def matches(self, row: Row, password: Any) -> bool:
        return row.email == "bob@example.com" or super().matches(row, password)


@fires("throws-synchronously", users=one_without_known_password)
class CrashesWithoutAHash(Shop):
    @override
    def matches(self, row: Row, password: Any) -> bool:
        stored: Any = None if row.email == "bob@example.com" else row.password
        return bool(password.encode() == stored.encode())


@fires("wrong-password-not-reported", "empty-password-accepted")
class AnyPasswordOfOneAndAnEmptyOneOfAll(Shop):
    @override
    def matches(self, row: Row, password: Any) -> bool:
        return not password or row is ROWS[0] or super().matches(row, password)


@fires("blocked-user-logs-in")
class DisabledGetsIn(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is None:
            raise WrongUsernameOrPasswordError(None, REFUSAL)
        if not self.matches(row, password):
            raise WrongUsernameOrPasswordError(self.user_id(row), REFUSAL)
        return Found(self.profile(row))


# Leaks


@fires("user-enumeration")
class OtherMessageForUnknown(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        if self.find(identifier) is None:
            raise WrongUsernameOrPasswordError(None, "no such user")
        return super().login(identifier, password)


@fires("log-leaks-secret")
class PrintsThePassword(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        print("trying", password)
        return super().login(identifier, password)


@fires("log-leaks-secret")
class PrintsTheEmail(Shop):
    @override
    def find(self, identifier: Any) -> Row | None:
        print("looking for", identifier)
        return super().find(identifier)


@fires("secret-in-profile")
class HashInProfile(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"password_hash": "$2b$10$abcdefghijklmnopqrstuuSWSIsR3I9ks8cUcO6XyH0OEvVKYd5Wm"}


@fires("secret-in-profile")
class PasswordInProfile(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"password": row.password}


@fires("error-leaks-details")
class ErrorWithConnectionString(Shop):
    @override
    def rows(self) -> tuple[Row, ...]:
        if self.is_down:
            raise ScriptError("could not connect to postgres://shop:pw@db.shop.test:5432/shop")
        return ROWS


@fires("error-leaks-details")
class ErrorWithThePassword(Shop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        try:
            return super().login(identifier, password)
        except WrongUsernameOrPasswordError as error:
            raise WrongUsernameOrPasswordError(error.identifier, f"{REFUSAL}: {password}") from error


# Profiles


@fires("email-verified-not-boolean")
class VerifiedIsANumber(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"email_verified": int(row.verified)}


@fires("email-verified-hardcoded")
class VerifiedIsHardcoded(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"email_verified": True}


@fires("missing-email-verified")
class VerifiedIsMissing(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return {name: value for name, value in super().profile(row).items() if name != "email_verified"}


@fires("mismatched-profile", imported=("metadata-in-one-script-only",))
class MetadataInLoginOnly(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        if row is None:
            return NotFound()
        return Found({name: value for name, value in self.profile(row).items() if name != "app_metadata"})


@fires("mismatched-profile")
class MetadataDiffers(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None else Found(self.profile(row) | {"app_metadata": {"plan": "guest"}})


@fires("mismatched-profile")
class NameDiffers(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None else Found(self.profile(row) | {"nickname": "customer"})


@fires("reserved-root-attribute")
class ReservedRootName(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"identities": (), "last_login": "2026-01-01"}


@fires("reserved-app-metadata")
class ReservedMetadataName(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"app_metadata": {"plan": row.plan, "clientID": "x"}}


@fires("invalid-metadata-key")
class DottedMetadataKey(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"app_metadata": {"plan": row.plan, "shop.test": True}}


@fires("metadata-not-json")
class DatetimeInMetadata(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"app_metadata": {"plan": row.plan, "since": datetime(2020, 1, 1, tzinfo=UTC)}}


@fires("metadata-not-json")
class MetadataIsAText(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"user_metadata": '{"color": "red"}'}


@fires("legacy-metadata-name")
class LegacyMetadataName(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"metadata": {"plan": row.plan}}


@fires("metadata-shadows-profile")
class UsernameInMetadata(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"app_metadata": {"plan": row.plan, "username": row.username}}


@fires("inconsistent-metadata-type")
class TwoTypesForOneField(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        points = row.number if row.verified else "none"
        return super().profile(row) | {"app_metadata": {"plan": row.plan, "points": points}}


@fires(tells=("dynamic-metadata-keys",))
class DaysAsMetadataKeys(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"app_metadata": {"plan": row.plan, "orders": {"2024-05-01": 3}}}


@fires("access-in-user-metadata")
class RolesInUserMetadata(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"user_metadata": {"roles": ["reader"]}}


@fires("invalid-email")
class NoEmail(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return {name: value for name, value in super().profile(row).items() if name != "email"}


@fires(imported=("email-not-lowercase",))
class EmailAsStored(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"email": row.email}


@fires("invalid-name", "invalid-picture")
class EmptyTexts(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"given_name": "", "picture": ""}


@fires(imported=("invalid-username",), requires_username=True)
class BlankInUsername(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"username": f"the {row.username}"}


@fires(imported=("invalid-username",), requires_username=True)
class UsernameLeftOut(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return {name: value for name, value in super().profile(row).items() if name != "username"}


@fires("invalid-phone-number")
class NationalPhoneNumber(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"phone_number": "0171 555 01 23"}


@fires(tells=("idp-token-in-profile",))
class TokenInProfile(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"access_token": "token-of-the-old-provider"}


@fires("profile-too-large")
class LargeProfile(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"user_metadata": {"notes": "x" * 11_000}}


@fires("wrong-users-profile")
class BobIsGrace(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(ROWS[3] if row.number == 8 else row)


@fires("wrong-users-profile")
class BobIsGraceInGetUser(Shop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None else Found(self.profile(ROWS[3] if row.number == 8 else row))


def _known_by_username() -> list[KnownUser]:
    return [KnownUser(username=row.username, password=row.password, disabled=row.disabled) for row in ROWS]


@fires("shared-email", users=_known_by_username)
class FamiliesShareAnEmail(Shop):
    @override
    def denotes(self, identifier: Any, row: Row) -> bool:
        return isinstance(identifier, str) and identifier.lower() == row.username

    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"email": "family@example.com" if row.number < 9 else row.email}


@fires("shared-username")
class TheUsernameIsThatOfTheEmail(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"username": "family" if row.number < 9 else row.username}


@fires("shared-phone-number")
class FamiliesShareAPhone(Shop):
    @override
    def profile(self, row: Row) -> dict[str, object]:
        return super().profile(row) | {"phone_number": "+4930123456" if row.number < 9 else "+4930123457"}


@fires("missing-script")
class NoLogin:
    def __init__(self, *, is_down: bool = False) -> None:
        self.get_user = Shop(is_down=is_down).get_user


@fires(imported=("missing-script",))
class NoGetUser:
    def __init__(self, *, is_down: bool = False) -> None:
        self.login = Shop(is_down=is_down).login


@fires("retired-connection", imported=())
class ClosedWithoutImportMode:
    def __init__(self, *, is_down: bool = False) -> None:
        pass

    def login(self, identifier: Any, password: Any) -> Any:
        return NotFound()

    def get_user(self, identifier: Any) -> Any:
        return NotFound()


@pytest.mark.parametrize("import_mode", [False, True], ids=["legacy", "import"])
@pytest.mark.parametrize("name", MUTANTS)
def test_exactly_the_rules_of_a_mutant_fire(name: str, *, import_mode: bool) -> None:
    mutant = MUTANTS[name]
    expected = mutant.expected(import_mode=import_mode)

    report = report_on(mutant, import_mode=import_mode)

    assert breaches(report) == expected, explain(report)
    assert without_path(report) == set()
    assert informed(report) >= set(mutant.tells), explain(report)
    assert not [verdict.rule.name for verdict in report.verdicts if verdict.status == "crashed"]
