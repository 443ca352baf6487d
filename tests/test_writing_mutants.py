"""Deliberately wrong writing scripts: each breach is reported by its own rule, and by no other."""

import base64
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, cast

import pytest
from attrs import evolve, field, frozen
from typing_extensions import override

from customdb_contract import (
    Connection,
    Declined,
    Done,
    Failed,
    Found,
    NewUser,
    Report,
    ScriptError,
    ValidationError,
    WrongUsernameOrPasswordError,
    check,
)
from customdb_contract.findings import Status
from customdb_contract.rules import CATALOGUE
from customdb_contract.transcript import Situation
from mutants import breaches, explain
from rules.comparing import without_path
from writing_shop import Record, WritingShop, known_customer

pytestmark = pytest.mark.one_python

_Shop = TypeVar("_Shop", bound=type[WritingShop])


@frozen
class WritingMutant:
    """A variant of the shop, and the rules that must fire on it, with severity warning or error."""

    make: type[WritingShop]
    rules: tuple[str, ...]
    settings: Mapping[str, bool] = field(factory=dict[str, bool])
    inspected: bool = False


MUTANTS: dict[str, WritingMutant] = {}


def fires(*rules: str, inspected: bool = False, **settings: bool) -> Callable[[_Shop], _Shop]:
    """Register a class as a mutant on which exactly these rules fire."""

    def note(make: _Shop) -> _Shop:
        MUTANTS[make.__name__] = WritingMutant(make, rules, settings, inspected)
        return make

    return note


def report_on(mutant: WritingMutant) -> Report:
    shop = mutant.make()
    return check(
        shop,
        [known_customer()],
        connection=Connection(
            import_mode=mutant.settings.get("import_mode", False),
            requires_username=mutant.settings.get("requires_username", False),
        ),
        outage=mutant.make(is_down=True),
        writes=True,
        hostile=False,
        inspect=shop.inspect if mutant.inspected else None,
        new_user=NewUser(user_metadata={"nickname": "Ada"}) if mutant.settings.get("brings_metadata") else None,
    )


# create


@fires("throws-synchronously")
class RaisesForOverlongPasswords(WritingShop):
    """Behaves like version 5 of bcrypt when the password is set."""

    @override
    def add(self, user: Mapping[str, Any]) -> None:
        _hashed(user["password"])
        super().add(user)


@fires("throws-synchronously")
class RaisesForOverlongPasswordsInLogin(WritingShop):
    """Refuses such a password when it is set, and hashes any entered password."""

    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        if len(user["password"].encode()) > _BCRYPT_BYTES:
            return Failed(ValidationError("invalid_password", "The password is too long"))
        return super().create(user)

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        if self.find(identifier):
            _hashed(password)
        return super().login(identifier, password)


@fires("password-truncated")
class CutsOverlongPasswords(WritingShop):
    """Behaves like older versions of bcrypt."""

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is None or row.password.encode()[:_BCRYPT_BYTES] != password.encode()[:_BCRYPT_BYTES]:
            raise WrongUsernameOrPasswordError(None, "Wrong e-mail or password")
        return Found(self.profile(row))


@fires("password-altered")
class CutsOverlongPasswordsInCreate(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add({**user, "password": user["password"].encode()[:_BCRYPT_BYTES].decode()})


@fires()
class RefusesOverlongPasswords(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        if len(user["password"].encode()) > _BCRYPT_BYTES:
            return Failed(ValidationError("invalid_password", "The password is too long"))
        return super().create(user)


_BCRYPT_BYTES = 72


def _hashed(password: str) -> None:
    if len(password.encode()) > _BCRYPT_BYTES:
        raise ValueError("password cannot be longer than 72 bytes")


@fires("throws-synchronously", brings_metadata=True)
class NeedsMetadata(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        self.extra[user["email"]] = {"nickname": user["user_metadata"]["nickname"]}
        return super().create(user)


@fires(brings_metadata=True)
class RefusesWithoutMetadata(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        if "nickname" not in user.get("user_metadata", {}):
            return Failed(ScriptError("A nickname is required"))
        return super().create(user)


@fires("argument-mutated")
class HashesThePasswordInPlace(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        result = super().create(user)
        cast("dict[str, Any]", user)["password"] = "hashed"
        return result


@fires("create-duplicate-not-user-exists")
class SecondRowForTheSamePerson(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        self.add(user)
        return Done()


@fires("create-duplicate-not-user-exists")
class RawErrorForADuplicate(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        if self.find(user["email"]):
            return Failed(ScriptError("UNIQUE constraint failed"))
        return super().create(user)


@fires("create-duplicate-not-user-exists")
class AnotherCodeForADuplicate(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        if self.find(user["email"]):
            return Failed(ValidationError("email_taken", "There is such a user already"))
        return super().create(user)


@fires("create-duplicate-not-user-exists")
class DuplicateInAnotherCase(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        if any(row.email == user["email"] for row in self.rows()):
            return Failed(ValidationError("user_exists", "There is such a user already"))
        self.add(user)
        return Done()


@fires("create-duplicate-not-user-exists", requires_username=True)
class DuplicateUsername(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        return super().create(user) if self.find(user["email"]) else self._added(user)

    def _added(self, user: Mapping[str, Any]) -> Any:
        self.add(user)
        return Done()


@fires("create-false-success")
class CreateHidesTheOutage(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        return Done() if self.is_down else super().create(user)


@fires("create-unexpected-result")
class CreateReturnsTrue(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        result = super().create(user)
        return True if isinstance(result, Done) else result


@fires("create-unexpected-result")
class CreateReturnsNothing(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        result = super().create(user)
        return None if isinstance(result, Done) else result


@fires("create-unexpected-result", "change-password-ineffective")
class CreateReturnsTrueAndNoPasswordChanges(CreateReturnsTrue):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        return Declined() if self.find(email) is None else Done()


@fires("change-password-result-type", "delete-ineffective")
class ChangePasswordReturnsNothingAndNobodyIsDeleted(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        result = super().change_password(email, new_password)
        return None if isinstance(result, Done) else result

    @override
    def delete(self, user_id: Any) -> Any:
        self.rows()
        return Done() if user_id == "shop-102" else super().delete(user_id)


@fires("change-email-result-type", "change-email-takes-over")
class ChangeEmailReturnsNothingAndTakesOver(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        row, holder = self.find(email), self.find(new_email)
        if row is None:
            return Declined()
        row.email, row.verified = new_email, verified
        return None if holder in (None, row) else Done()


@fires("create-outage-as-user-exists")
class CreateTakesTheOutageForAUser(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        try:
            return super().create(user)
        except ScriptError:
            return Failed(ValidationError("user_exists", "There is such a user already"))


@fires("create-false-success")
class CreateReturnsTheBodyOfAnError(WritingShop):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        return {"message": "out of order"} if self.is_down else super().create(user)


@fires("create-not-visible")
class CreateHashesInAnotherWay(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add({**user, "password": f"hash of {user['password']}"})


@fires("create-not-visible")
class CreateWritesNothing(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        self.rows()


@fires("create-not-visible")
class NewUsersWaitForApproval(WritingShop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is not None and row.number > 100 and not row.verified:
            raise WrongUsernameOrPasswordError(None, "Wrong e-mail or password")
        return super().login(identifier, password)


@fires("password-altered")
class CreateTrimsThePassword(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add({**user, "password": user["password"].strip()})


@fires("password-altered")
class CreateKeepsAsciiOnly(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add({**user, "password": user["password"].encode("ascii", "replace").decode()})


@fires("password-altered")
class CreateCutsThePassword(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add({**user, "password": user["password"][:64]})


@fires("username-not-stored", requires_username=True)
class CreateForgetsTheUsername(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add({name: value for name, value in user.items() if name != "username"})


@fires("username-not-stored", requires_username=True)
class NewUsernamesAreMadeUp(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add({**user, "username": f"u{user['username']}"})


@fires("create-stores-extra-fields", inspected=True)
class CreateStoresTheWholeObject(WritingShop):
    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add(user)
        self.extra[user["email"]] = {"tenant": user["tenant"], "client_id": user["client_id"]}


@fires("plaintext-password-stored", inspected=True)
class PasswordsInPlainText(WritingShop):
    @override
    def stored_password(self, row: Record) -> str:
        return row.password


@fires("plaintext-password-stored", inspected=True)
class PasswordsInBase64(WritingShop):
    @override
    def stored_password(self, row: Record) -> str:
        return base64.b64encode(row.password.encode()).decode()


@fires("create-not-visible")
class ProfileForPasskeysWithAnotherHash(WritingShop):
    def __init__(self, *, is_down: bool = False) -> None:
        super().__init__(is_down=is_down)
        self.create = self.create_with_callback  # type: ignore[method-assign,assignment]  # that is the flaw

    def create_with_callback(self, user: Mapping[str, Any], callback: Any) -> None:
        result = WritingShop.create(self, {**user, "password": f"hash of {user['password']}"})
        row = self.find(user["email"])
        if isinstance(result, Failed) or row is None:
            callback(result.error)
        else:
            callback(None, self.profile(row))


# verify


@fires("verify-result-type")
class VerifyReturnsNothing(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        result = super().verify(email)
        return None if isinstance(result, Done) else result


@fires("verify-always-refuses")
class VerifySaysNo(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        self.rows()
        return Declined()


@fires("verify-always-refuses")
class VerifyFails(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        return Failed(ScriptError("Verifying failed"))


@fires("verify-outage-hidden")
class VerifyHidesTheOutage(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        return Declined() if self.is_down else super().verify(email)


@fires("change-password-always-refuses")
class ChangePasswordSaysNo(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        self.rows()
        return Declined()


@fires("change-password-outage-hidden")
class ChangePasswordReturnsTheBodyOfAnError(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        return {"message": "out of order"} if self.is_down else super().change_password(email, new_password)


@fires("change-email-always-refuses")
class ChangeEmailSaysNo(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        self.rows()
        return Declined()


@fires("change-email-misreported")
class ChangeEmailSaysNoAndChanges(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        super().change_email(email, new_email, verified)
        return Declined()


@fires("change-email-outage-hidden")
class ChangeEmailHidesTheOutage(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        return Done() if self.is_down else super().change_email(email, new_email, verified)


@fires("verify-not-idempotent")
class VerifyOnlyOnce(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        row = self.find(email)
        return Declined() if row is not None and row.verified else super().verify(email)


@fires("verify-unknown-user-succeeds")
class VerifyAnybody(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        super().verify(email)
        return Done()


@fires("verify-not-reflected")
class VerifyChangesNothing(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        return Done() if self.find(email) else Declined()


@fires("verify-not-reflected")
class VerifyVerifiesEverybody(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        result = super().verify(email)
        for row in self.rows():
            row.verified = True
        return result


@fires("verify-not-reflected")
class VerifyTogglesTheFlag(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        row = self.find(email)
        if row is None:
            return Declined()
        row.verified = not row.verified
        return Done()


@fires("verify-not-reflected")
class VerifyHashesTheHash(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        row = self.find(email)
        if row is not None and not row.verified:
            row.password = f"hash of {row.password}"
        return super().verify(email)


@fires("verify-result-type")
class VerifySaysFalse(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        super().verify(email)
        return Declined()


@fires("verify-not-reflected")
class VerifyForgetsEverybodyElse(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        result = super().verify(email)
        for row in self.rows():
            row.verified = row.verified and (row.number < 100 or row.email == email)
        return result

    @override
    def add(self, user: Mapping[str, Any]) -> None:
        super().add(user)
        self.records[-1].verified = self.numbers % 2 == 0


# change_password


@fires("change-password-unknown-user")
class MakesNobodyIntoSomebody(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        if self.find(email) is None:
            self.add({"email": email, "password": new_password})
        return super().change_password(email, new_password)


@fires("change-password-ineffective", requires_username=True)
class ChangePasswordLosesTheUsername(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        row = self.find(email)
        if row is not None:
            row.username = None
        return super().change_password(email, new_password)


@fires("change-password-unknown-user")
class ChangesThePasswordOfNobody(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        super().change_password(email, new_password)
        return Done()


@fires("change-password-unknown-user")
class ErrorForAnUnknownUser(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        if self.find(email) is None:
            return Failed(ScriptError("No such user"))
        return super().change_password(email, new_password)


@fires("change-password-misreported")
class CountsTheRowsOfAnUpdate(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        super().change_password(email, new_password)
        return Declined()


@fires("change-password-misreported")
class FailsAfterTheChange(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        result = super().change_password(email, new_password)
        return Failed(ScriptError("The mail could not be sent")) if isinstance(result, Done) else result


@fires("change-password-result-type")
class ChangePasswordReturnsNothing(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        result = super().change_password(email, new_password)
        return None if isinstance(result, Done) else result


@fires("change-password-result-type")
class LastPasswordResetIsNoDate(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        result = super().change_password(email, new_password)
        return Done(last_password_reset="just now") if isinstance(result, Done) else result


@fires("change-password-outage-hidden")
class ChangePasswordHidesTheOutage(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        return Declined() if self.is_down else super().change_password(email, new_password)


@fires("change-password-ineffective")
class ChangePasswordChangesNothing(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        return Done() if self.find(email) else Declined()


@fires("change-password-ineffective")
class TheOldPasswordStays(WritingShop):
    old: ClassVar[dict[int, str]] = {}

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        row = self.find(email)
        if row is not None:
            self.old[row.number] = row.password
        return super().change_password(email, new_password)

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is not None and self.old.get(row.number) == password:
            return Found(self.profile(row))
        return super().login(identifier, password)


@fires("change-password-hits-others")
class ChangesEverybodysPassword(WritingShop):
    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        result = super().change_password(email, new_password)
        for row in self.rows():
            if isinstance(result, Done) and row.number > 100:
                row.password = new_password
        return result


@fires("password-reset-changes-user", "user-id-changes-with-profile")
class UserIdChangesWithThePassword(WritingShop):
    @override
    def user_id(self, row: Record) -> str:
        return f"shop-{row.number}-{sum(row.password.encode())}"


@fires("change-password-ineffective", import_mode=True)
class ChangePasswordChangesNothingInImportMode(ChangePasswordChangesNothing):
    pass


@fires(import_mode=True)
class NothingElseIsCalledInImportMode(WritingShop):
    @override
    def verify(self, email: Any) -> Any:
        raise AssertionError

    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        raise AssertionError


# change_email


@fires("change-email-result-type")
class ChangeEmailReturnsAnObject(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        result = super().change_email(email, new_email, verified)
        return {"changed": 1} if isinstance(result, Done) else result


@fires("change-email-no-op")
class ChangeEmailChangesNothing(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        row = self.find(email)
        if row is None or (self.find(new_email) or row) is not row:
            return Declined()
        if email == new_email:
            row.verified = verified
        return Done()


@fires("change-email-ineffective")
class ChangeEmailLosesThePassword(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        row = self.find(email)
        result = super().change_email(email, new_email, verified)
        if isinstance(result, Done) and row is not None and email != new_email:
            row.password = "salted with the old e-mail"
        return result


@fires("change-email-verified-only")
class ChangeEmailComparesExactly(WritingShop):
    """Stores e-mails in lower case, and looks for the old one as spelt."""

    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        if not any(row.email == email for row in self.rows()):
            return Declined()
        return super().change_email(email, new_email.lower(), verified)


@fires("change-email-ineffective")
class TheOldEmailStays(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        row = self.find(email)
        result = super().change_email(email, new_email, verified)
        if isinstance(result, Done) and row is not None and email != new_email:
            self.records.append(evolve(row, email=email, number=row.number + 1000))
        return result


@fires("change-email-ineffective")
class ChangeEmailForgetsTheFlag(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        return super().change_email(email, new_email, verified if email == new_email else False)


@fires("change-email-takes-over")
class ChangeEmailAsksNobody(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        row = self.find(email)
        if row is None:
            return Declined()
        row.email, row.verified = new_email, verified
        return Done()


@fires("change-email-takes-over")
class ChangeEmailTakesOverAndSaysFalse(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        row, holder = self.find(email), self.find(new_email)
        if row is not None and holder is not None and holder is not row:
            holder.email, row.email = f"was-{holder.email}", new_email
        return super().change_email(email, new_email, verified) if holder is None or holder is row else Declined()


@fires("change-email-takes-over")
class ChangeEmailFailsAndRemovesTheOther(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        row, holder = self.find(email), self.find(new_email)
        if row is None or holder is None or holder is row:
            return super().change_email(email, new_email, verified)
        self.records.remove(holder)
        return Failed(ScriptError("UNIQUE constraint failed"))


@fires("change-email-ineffective", requires_username=True)
class ChangeEmailLosesTheUsername(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        result, row = super().change_email(email, new_email, verified), self.find(new_email)
        if isinstance(result, Done) and row is not None:
            row.username = None
        return result


@fires("change-email-verified-only")
class RefusesTheSameEmail(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        return Declined() if self.find(new_email) else super().change_email(email, new_email, verified)


@fires("change-email-verified-only")
class IgnoresTheSameEmail(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        return Done() if email == new_email else super().change_email(email, new_email, verified)


@fires("change-email-unknown-user")
class ChangesTheEmailOfNobody(WritingShop):
    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        return super().change_email(email, new_email, verified) if self.find(email) else Done()


@fires("user-id-changes-with-profile", "mutable-user-id")
class UserIdIsTheEmail(WritingShop):
    @override
    def user_id(self, row: Record) -> str:
        return row.email.lower()


@fires("change-email-ineffective")
class ChangeEmailKeepsCapitals(WritingShop):
    @override
    def find(self, identifier: object) -> Record | None:
        wanted = str(identifier).lower()
        return next((row for row in self.rows() if wanted in {row.email, row.username}), None)


# delete


@fires("delete-misreported")
class DeleteHidesTheOutage(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        return Done() if self.is_down else super().delete(user_id)


@fires("delete-misreported")
class FailsAfterDeleting(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        super().delete(user_id)
        return Failed(ScriptError("The audit log is full"))


@fires("delete-misreported")
class DeleteReturnsNothing(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        super().delete(user_id)


@fires("delete-misreported")
class DeleteReturnsTrue(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        super().delete(user_id)
        return True


class _Marks(WritingShop):
    """Marks deleted users, and keeps their records."""

    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        self.marked: set[str] = set()

    @override
    def delete(self, user_id: Any) -> Any:
        self.marked |= {row.email for row in self.rows() if self.user_id(row) == user_id}
        return super().delete(user_id)


@fires("delete-ineffective")
class MarkedUsersKeepTheirEmail(_Marks):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        if user["email"] in self.marked:
            return Failed(ValidationError("user_exists", "There is such a user already"))
        return super().create(user)


@fires("delete-ineffective")
class OnlyCreateSeesMarkedUsers(WritingShop):
    """Forgets in one query that marked records don't count."""

    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        super().__init__(is_down=is_down, is_empty=is_empty)
        self.marked: set[int] = set()

    @override
    def find(self, identifier: object) -> Record | None:
        row = super().find(identifier)
        return None if row is None or row.number in self.marked else row

    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        if super().find(user["email"]):
            return Failed(ValidationError("user_exists", "There is such a user already"))
        return super().create(user)

    @override
    def delete(self, user_id: Any) -> Any:
        self.marked |= {row.number for row in self.rows() if self.user_id(row) == user_id}
        return Done()


@fires()
class MarkedUsersComeBack(_Marks):
    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        self.marked.discard(user["email"])
        return super().create(user)


@fires("delete-ineffective")
class DeletesNobody(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        self.rows()
        return Done()


@fires("delete-ineffective")
class DeletesEverybodyNew(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        if any(self.user_id(row) == user_id for row in self.rows()):
            self.records = [row for row in self.rows() if row.number < 100]
        return Done()


@fires("delete-rejects-own-user-id")
class DeleteWantsTheNumber(WritingShop):
    @override
    def delete(self, user_id: Any) -> Any:
        self.rows()
        return super().delete(user_id) if user_id.isdigit() else Failed(ScriptError("The id must be a number"))


# reading


@fires("read-script-writes", inspected=True)
class GetUserMarksTheMigrated(WritingShop):
    @override
    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        if row is not None:
            self.extra.setdefault(row.email, {})["asked"] = str(time.monotonic_ns())
        return super().get_user(identifier)


@fires("login-deletes-user", inspected=True, import_mode=True)
class LoginDeletesTheMigrated(WritingShop):
    @override
    def login(self, identifier: Any, password: Any) -> Any:
        result = super().login(identifier, password)
        self.records = [row for row in self.records if Found(self.profile(row)) != result]
        return result


@pytest.mark.parametrize("name", MUTANTS)
def test_each_breach_of_a_writing_script_is_reported_by_its_own_rule(name: str) -> None:
    mutant = MUTANTS[name]

    report = report_on(mutant)

    assert breaches(report) == sorted(mutant.rules), explain(report)
    assert without_path(report) == set()


def _writing_rules() -> set[str]:
    names = {mutant.rules for mutant in MUTANTS.values()}
    return {rule for rules in names for rule in rules}


# Two stores that share nothing cannot race; an unknown id is reported as info only.
_ELSEWHERE = {"create-not-atomic", "delete-unknown-user-inconsistent"}


def test_every_rule_about_writing_has_a_mutant() -> None:
    writing = {
        rule.info.name for rule in CATALOGUE if any(need.name in {"WRITES", "INSPECT"} for need in rule.info.needs)
    }

    assert writing - _writing_rules() == _ELSEWHERE & writing


class RacingShop(WritingShop):
    """Checks whether the user exists, and writes a moment later."""

    shared: ClassVar[list[Record]] = []
    barrier: ClassVar[threading.Barrier] = threading.Barrier(2)

    def __init__(self, *, is_down: bool = False) -> None:
        super().__init__(is_down=is_down)
        self.shared[:] = self.shared or self.records
        self.records = self.shared

    @override
    def add(self, user: Mapping[str, Any]) -> None:
        if user["password"].startswith("Cc3%"):
            self.barrier.wait(5)
        super().add(user)

    @override
    def delete(self, user_id: Any) -> Any:
        self.shared[:] = [row for row in self.shared if self.user_id(row) != user_id]
        return Done()


def test_two_concurrent_creates_are_a_finding_with_a_database_factory() -> None:
    report = check(RacingShop, [known_customer()], writes=True, hostile=False)

    assert breaches(report) == ["create-not-atomic"], explain(report)
    finding = report.verdict("create-not-atomic").findings[0]
    situations = {report.transcript.exchanges[number - 1].situation for number in finding.evidence}
    assert situations == {Situation.AT_ONCE, Situation.CLEAN_UP}


def test_a_store_with_one_new_user_created_no_duplicate() -> None:
    class AtomicShop(RacingShop):
        shared: ClassVar[list[Record]] = []
        barrier: ClassVar[threading.Barrier] = threading.Barrier(2)

        @override
        def create(self, user: Mapping[str, Any]) -> Any:
            super().create(user)
            return Done()

        @override
        def add(self, user: Mapping[str, Any]) -> None:
            if user["password"].startswith("Cc3%"):
                self.barrier.wait(5)
            self.numbers = max(row.number for row in self.shared)
            self.shared[:] = {
                row.email.lower(): row
                for row in (Record(self.numbers + 100, user["email"], user["password"]), *self.shared)
            }.values()

    report = check(AtomicShop, [known_customer()], writes=True, hostile=False)

    assert breaches(report) == ["create-duplicate-not-user-exists"], explain(report)
    assert report.verdict("create-not-atomic").status is Status.NOT_APPLICABLE


@fires()
class DeleteOfUnknownIdsDiffers(WritingShop):
    unknown = 0

    @override
    def delete(self, user_id: Any) -> Any:
        if not any(self.user_id(row) == user_id for row in self.rows()):
            self.unknown += 1
            if self.unknown % 2:
                return Failed(ScriptError("No such user"))
        return super().delete(user_id)


@fires()
class DeleteKnowsWhomItHasDeleted(WritingShop):
    gone: ClassVar[set[str]] = set()

    @override
    def delete(self, user_id: Any) -> Any:
        if not any(self.user_id(row) == user_id for row in self.rows()) and user_id not in self.gone:
            return Failed(ScriptError("No such user"))
        self.gone.add(user_id)
        return super().delete(user_id)


def test_different_answers_for_unknown_ids_are_reported_as_info() -> None:
    report = report_on(MUTANTS["DeleteOfUnknownIdsDiffers"])

    assert [finding.severity for finding in report.verdict("delete-unknown-user-inconsistent").findings] == ["info"]


def test_an_id_once_used_is_no_unknown_id() -> None:
    report = report_on(MUTANTS["DeleteKnowsWhomItHasDeleted"])

    assert report.verdict("delete-unknown-user-inconsistent").status is Status.PASSED
