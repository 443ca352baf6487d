"""The seven scripts over Stormpath's REST dialect.

Stormpath was shut down in 2017. The dialect follows its documentation, whose sources are public:
<https://github.com/stormpath/stormpath-documentation> (`reference.rst`, `auth_n.rst`, `accnt_mgmt.rst`, `errors.rst`).
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Literal, TypeAlias
from urllib.parse import quote

from attrs import evolve, frozen

from customdb_contract.contract import (
    Declined,
    Done,
    Failed,
    Found,
    NotFound,
    OperationResult,
    ProfileResult,
    UnauthorizedError,
    ValidationError,
    WrongUsernameOrPasswordError,
)
from customdb_contract.databases._identifiers import can_be_stored, is_email, same_identifier
from customdb_contract.databases._scripts import LOCKED, REFUSAL, answered
from customdb_contract.databases._signing_up import USER_EXISTS, signing_up
from customdb_contract.databases.http._answers import Answer, Client, Question, is_array, is_object, unusable, value_at
from customdb_contract.databases.http._passwords import can_be_sent, unusable_password
from customdb_contract.databases.http._users import ApiUser, HttpUsers

__all__ = ["Metadata", "StormpathScripts"]

Metadata: TypeAlias = Literal["app_metadata", "user_metadata"]

_ID: Final = re.compile("[A-Za-z0-9_-]+")
_HREF: Final = re.compile(f".*/accounts/({_ID.pattern})")
_WRONG_PASSWORD: Final = 7100
_NO_ACCOUNT: Final = 7104
_LOCKED: Final = (7101, 7102, 7103, 7105)
"""Disabled, not verified, locked, in a disabled group (errors.rst)."""
_NOT_UNIQUE: Final = 2001
_INVALID: Final = range(2000, 3000)
"""The codes for a property that is not accepted (errors.rst, "General Validation")."""
_STATUSES: Final = ("ENABLED", "DISABLED", "UNVERIFIED")
_VERIFICATIONS: Final = ("VERIFIED", "UNVERIFIED", "UNKNOWN")
_OF_STORMPATH: Final = frozenset({"href", "createdAt", "modifiedAt"})
"""The keys of customData that Stormpath itself adds."""


@frozen
class _Account:
    user: ApiUser
    username_is_email: bool
    is_unverified: bool


@frozen
class StormpathScripts:
    """The scripts.

    Args:
        client: The client that sends the requests.
        application: The path of the application.
        prefix: The prefix of an account's id in Auth0.
        metadata: The metadata of the profile for customData.
    """

    client: Client
    application: str
    prefix: str
    metadata: Metadata

    @answered
    async def login(self, identifier: str, password: str) -> ProfileResult:
        """Make a login attempt; a username ends at the first colon, so it cannot contain one."""
        if not can_be_stored(identifier) or ":" in identifier or not can_be_sent(password):
            return Failed(WrongUsernameOrPasswordError(None, REFUSAL))
        pair = b64encode(f"{identifier}:{password}".encode()).decode()
        answer = await self._post(f"{self.application}/loginAttempts", {"type": "basic", "value": pair})
        code = _code(answer)
        if answer.status == HTTPStatus.BAD_REQUEST and code == _NO_ACCOUNT:
            return Failed(WrongUsernameOrPasswordError(None, REFUSAL))
        if answer.status == HTTPStatus.BAD_REQUEST and code == _WRONG_PASSWORD:
            return Failed(WrongUsernameOrPasswordError(identifier, REFUSAL))
        if answer.status == HTTPStatus.BAD_REQUEST and code in _LOCKED:
            return Failed(UnauthorizedError(LOCKED))
        if answer.status != HTTPStatus.OK:
            unusable(f"a login attempt got status {answer.status}")
        account = await self._account(self._id(value_at(answer.document, "account")))
        if not account.user.is_called(identifier):
            unusable("a login attempt shows another account")
        return Failed(UnauthorizedError(LOCKED)) if account.user.is_blocked else Found(account.user.profile)

    @answered
    async def get_user(self, identifier: str) -> ProfileResult:
        """Search for an account."""
        account = await self._find(identifier)
        return NotFound() if account is None else Found(account.user.profile)

    @answered
    async def create(self, user: Mapping[str, object]) -> OperationResult:
        """Create an account; the service sends no e-mail, because Auth0 does."""
        wanted = signing_up(user)
        if isinstance(wanted, Failed):
            return wanted
        if wanted.email is None:
            return Failed(ValidationError("invalid_email", "A user of this store needs an e-mail"))
        if not can_be_sent(wanted.password):
            return unusable_password()
        body = {"email": wanted.email, "password": wanted.password, "status": "ENABLED"}
        body |= {} if wanted.username is None else {"username": wanted.username}
        answer = await self._post(f"{self.application}/accounts?registrationWorkflowEnabled=false", body)
        if answer.status == HTTPStatus.CONFLICT and _code(answer) == _NOT_UNIQUE:
            return Failed(ValidationError("user_exists", USER_EXISTS))
        if answer.status == HTTPStatus.BAD_REQUEST and _code(answer) in _INVALID:
            return Failed(ValidationError("invalid_user", "The user store does not accept this user"))
        if answer.status != HTTPStatus.CREATED:
            unusable(f"creating an account got status {answer.status}")
        self._id(answer.document)
        return Done()

    @answered
    async def verify(self, email: str) -> OperationResult:
        """Mark the e-mail as verified, which lets an unverified account log in."""
        account = await self._find(email)
        if account is None:
            return Declined()
        change = {"emailVerificationStatus": "VERIFIED"}
        return await self._changed(account, {**change, "status": "ENABLED"} if account.is_unverified else change)

    @answered
    async def change_password(self, email: str, new_password: str) -> OperationResult:
        """Change the password."""
        if not can_be_sent(new_password):
            return unusable_password()
        account = await self._find(email)
        return Declined() if account is None else await self._changed(account, {"password": new_password})

    @answered
    async def change_email(self, email: str, new_email: str, verified: bool) -> OperationResult:  # noqa: FBT001 - by position
        """Change the e-mail, and the username if it is the same: otherwise the old e-mail could still log in."""
        account = await self._find(email) if is_email(new_email) else None
        if account is None:
            return Declined()
        change = {"email": new_email, "emailVerificationStatus": "VERIFIED" if verified else "UNVERIFIED"}
        return await self._changed(account, {**change, "username": new_email} if account.username_is_email else change)

    @answered
    async def delete(self, user_id: str) -> OperationResult:
        """Delete an account."""
        key = user_id.removeprefix(self.prefix)
        if not user_id.startswith(self.prefix) or _ID.fullmatch(key) is None:
            return Done()
        answer = await self.client.ask(Question("DELETE", f"/accounts/{key}"))
        if answer.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}:
            unusable(f"deleting an account got status {answer.status}")
        return Done()

    async def _post(self, target: str, body: Mapping[str, object]) -> Answer:
        return await self.client.ask(Question("POST", target, body))

    async def _changed(self, account: _Account, change: Mapping[str, object]) -> OperationResult:
        answer = await self._post(f"/accounts/{account.user.key}", change)
        if answer.status == HTTPStatus.NOT_FOUND or (
            answer.status == HTTPStatus.CONFLICT and _code(answer) == _NOT_UNIQUE
        ):
            return Declined()
        if answer.status == HTTPStatus.BAD_REQUEST and _code(answer) in _INVALID:
            return Failed(ValidationError("refused", "The user store does not accept this"))
        if answer.status != HTTPStatus.OK or self._id(answer.document) != account.user.key:
            unusable(f"changing an account got status {answer.status}, or another account")
        return Done()

    async def _find(self, identifier: str) -> _Account | None:
        """Search by e-mail and by username. A `*` at either end is a wildcard, so the results are compared."""
        if not can_be_stored(identifier):
            return None
        for name in ("email", "username") if is_email(identifier) else ("username",):
            target = f"{self.application}/accounts?{name}={quote(identifier, safe='')}&expand=customData"
            answer = await self.client.ask(Question("GET", target))
            if answer.status != HTTPStatus.OK:
                unusable(f"a search got status {answer.status}")
            items, size = value_at(answer.document, "items"), value_at(answer.document, "size")
            if not is_array(items) or not isinstance(size, int):
                unusable("a search shows no collection")
            found = [account for account in map(self._read, items) if account.user.is_called(identifier)]
            if len(found) > 1 or (not found and size > len(items)):
                unusable("a search shows several accounts, or not all of them")
            if found:
                return found[0]
        return None

    async def _account(self, key: str) -> _Account:
        answer = await self.client.ask(Question("GET", f"/accounts/{key}?expand=customData"))
        if answer.status != HTTPStatus.OK or self._id(answer.document) != key:
            unusable(f"an account that logged in got status {answer.status}, or is another one")
        return self._read(answer.document)

    def _id(self, resource: object) -> str:
        href = value_at(resource, "href")
        found = _HREF.fullmatch(href) if isinstance(href, str) else None
        return unusable("an href is not that of an account") if found is None else found[1]

    def _read(self, shown: object) -> _Account:
        user = _USERS.read(shown)
        status, verification = value_at(shown, "status"), value_at(shown, "emailVerificationStatus")
        if status not in _STATUSES or verification not in _VERIFICATIONS:
            unusable("an account has an unknown status")
        email, username = value_at(shown, "email"), value_at(shown, "username")
        if not isinstance(email, str) or not is_email(email):
            unusable("an account has no e-mail")
        follows = isinstance(username, str) and same_identifier(username, email)
        key = self._id(shown)
        profile = {**user.profile, "user_id": self.prefix + key, "email_verified": verification == "VERIFIED"}
        own = _custom(value_at(shown, "customData"))
        profile |= {self.metadata: own} if own else {}
        if follows:
            del profile["username"]
        user = evolve(user, key=key, is_blocked=status != "ENABLED", profile=profile)
        return _Account(user, username_is_email=follows, is_unverified=status == "UNVERIFIED")


_USERS: Final = HttpUsers(
    user_id="href",
    username="username",
    email_verified=None,
    fields={"given_name": "givenName", "family_name": "surname", "name": "fullName"},
)


def _code(answer: Answer) -> int | None:
    code = answer.document.get("code") if is_object(answer.document) else None
    return code if isinstance(code, int) else None


def _custom(data: object) -> dict[str, object]:
    if not is_object(data) or not data.keys() - {"href"}:
        unusable("the customData of an account was not expanded")
    return {name: value for name, value in data.items() if name not in _OF_STORMPATH}
