"""The seven scripts over the operations of an API, which checks passwords itself."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

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
from customdb_contract.databases._identifiers import can_be_stored, is_email
from customdb_contract.databases._scripts import LOCKED, REFUSAL, answered
from customdb_contract.databases._signing_up import USER_EXISTS, signing_up
from customdb_contract.databases.http._answers import Answer, Client, is_array, is_object, unusable, value_at
from customdb_contract.databases.http._endpoints import Endpoint, HttpEndpoints, Meaning
from customdb_contract.databases.http._passwords import can_be_sent, unusable_password
from customdb_contract.databases.http._users import ApiUser, HttpUsers

__all__ = ["HttpScripts"]

_LOGIN: Final = {200: Meaning.DONE, 401: Meaning.WRONG_CREDENTIALS, 403: Meaning.BLOCKED, 404: Meaning.UNKNOWN}
_GET_USER: Final = {200: Meaning.DONE, 404: Meaning.UNKNOWN}
_CREATE: Final = {200: Meaning.DONE, 201: Meaning.DONE, 204: Meaning.DONE, 409: Meaning.TAKEN}
_WRITE: Final = {200: Meaning.DONE, 204: Meaning.DONE, 404: Meaning.UNKNOWN}
_CHANGE_EMAIL: Final = {**_WRITE, 409: Meaning.TAKEN}
_NO_CONTENT: Final = 204
_NOBODY: Final = frozenset({Meaning.UNKNOWN, Meaning.WRONG_CREDENTIALS})


@frozen
class HttpScripts:
    """The scripts.

    Args:
        client: The client that sends the requests.
        endpoints: The operations of the API.
        users: The fields of its users.
    """

    client: Client
    endpoints: HttpEndpoints
    users: HttpUsers

    @answered
    async def login(self, identifier: str, password: str) -> ProfileResult:
        """Check a user's password."""
        if not can_be_stored(identifier) or not can_be_sent(password):
            return Failed(WrongUsernameOrPasswordError(None, REFUSAL))
        endpoint = self.endpoints.login
        answer = await self.client.ask(endpoint.asked({"identifier": identifier, "password": password}))
        meaning = endpoint.meaning(answer, _LOGIN)
        if meaning in _NOBODY:
            return Failed(WrongUsernameOrPasswordError(None, REFUSAL))
        if meaning is Meaning.WRONG_PASSWORD:
            return Failed(WrongUsernameOrPasswordError(identifier, REFUSAL))
        if meaning is Meaning.BLOCKED:
            return Failed(UnauthorizedError(LOCKED))
        if meaning is not Meaning.DONE:
            unusable(f"login got status {answer.status}, which is not declared")
        if endpoint.user_at is None:
            _check_said_nothing(answer)
            user = await self._find(identifier)
        else:
            user = self._shown(endpoint, answer, identifier)
        if user is None:
            unusable("login shows no user though the password was right")
        return Failed(UnauthorizedError(LOCKED)) if user.is_blocked else Found(user.profile)

    @answered
    async def get_user(self, identifier: str) -> ProfileResult:
        """Find a user."""
        user = await self._find(identifier) if can_be_stored(identifier) else None
        return NotFound() if user is None else Found(user.profile)

    @answered
    async def create(self, user: Mapping[str, object]) -> OperationResult:
        """Create a user."""
        wanted = signing_up(user)
        if isinstance(wanted, Failed):
            return wanted
        if not can_be_sent(wanted.password):
            return unusable_password()
        names = {"email": wanted.email, "username": wanted.username, "phone_number": wanted.phone_number}
        endpoint = self.endpoints.create
        answer = await self.client.ask(endpoint.asked({**names, "password": wanted.password}))
        meaning = endpoint.meaning(answer, _CREATE)
        if meaning is Meaning.TAKEN:
            return Failed(ValidationError("user_exists", USER_EXISTS))
        if meaning is Meaning.REFUSED:
            return Failed(ValidationError("invalid_user", "The user store does not accept this user"))
        given = [text for text in names.values() if text is not None]
        self._check_done(endpoint, meaning, answer, given)
        return Done()

    @answered
    async def verify(self, email: str) -> OperationResult:
        """Mark a user's e-mail as verified."""
        written = await self._written(self.endpoints.verify, _WRITE, email)
        if isinstance(written, ApiUser) and written.profile.get("email_verified") is False:
            unusable("verify shows an e-mail that is not verified")
        return Declined() if written is None else Done()

    @answered
    async def change_password(self, email: str, new_password: str) -> OperationResult:
        """Change a user's password."""
        if not can_be_sent(new_password):
            return unusable_password()
        endpoint = self.endpoints.change_password
        written = await self._written(endpoint, _WRITE, email, {"password": new_password})
        return Declined() if written is None else Done()

    @answered
    async def change_email(self, email: str, new_email: str, verified: bool) -> OperationResult:  # noqa: FBT001 - by position
        """Change a user's e-mail."""
        if not is_email(new_email):
            return Declined()
        values = {"new_email": new_email, "verified": verified}
        written = await self._written(self.endpoints.change_email, _CHANGE_EMAIL, email, values, shown_as=new_email)
        return Declined() if written is None else Done()

    @answered
    async def delete(self, user_id: str) -> OperationResult:
        """Remove a user."""
        key = user_id.removeprefix(self.users.user_id_prefix)
        if not user_id.startswith(self.users.user_id_prefix) or not can_be_stored(key):
            return Done()
        endpoint = self.endpoints.delete
        answer = await self.client.ask(endpoint.asked({"user_id": key}))
        meaning = endpoint.meaning(answer, _WRITE)
        if meaning not in {Meaning.DONE, Meaning.UNKNOWN}:
            unusable(f"delete got status {answer.status}, which is not declared")
        if meaning is Meaning.DONE:
            _check_said_nothing(answer)
        return Done()

    async def _find(self, identifier: str) -> ApiUser | None:
        endpoint = self.endpoints.get_user
        answer = await self.client.ask(endpoint.asked({"identifier": identifier}))
        meaning = endpoint.meaning(answer, _GET_USER)
        if meaning is Meaning.UNKNOWN:
            return None
        if meaning is not Meaning.DONE:
            unusable(f"get_user got status {answer.status}, which is not declared")
        return self._shown(endpoint, answer, identifier)

    async def _written(
        self,
        endpoint: Endpoint,
        defaults: Mapping[int, Meaning],
        identifier: str,
        values: Mapping[str, object] | None = None,
        *,
        shown_as: str | None = None,
    ) -> ApiUser | bool | None:
        """Return the user in the response to a change, True if it contains none, or None if nothing was changed."""
        if not can_be_stored(identifier):
            return None
        key = None
        if "user_id" in endpoint.words:
            user = await self._find(identifier)
            if user is None:
                return None
            key = user.key
        answer = await self.client.ask(endpoint.asked({"identifier": identifier, "user_id": key, **(values or {})}))
        meaning = endpoint.meaning(answer, defaults)
        if meaning in {Meaning.UNKNOWN, Meaning.TAKEN, Meaning.REFUSED}:
            return None
        return self._check_done(endpoint, meaning, answer, [identifier if shown_as is None else shown_as]) or True

    def _check_done(
        self, endpoint: Endpoint, meaning: Meaning | None, answer: Answer, identifiers: list[str]
    ) -> ApiUser | None:
        """Return the user in the response to a write, who must have the identifiers; None if it contains no user."""
        if meaning is not Meaning.DONE:
            unusable(f"a write got status {answer.status}, which is not declared")
        if endpoint.user_at is None or (answer.status == _NO_CONTENT and answer.is_empty):
            _check_said_nothing(answer)
            return None
        user = self._shown(endpoint, answer, identifiers[0])
        if user is None or not all(map(user.is_called, identifiers)):
            unusable("a write shows another user")
        return user

    def _shown(self, endpoint: Endpoint, answer: Answer, identifier: str) -> ApiUser | None:
        shown = value_at(answer.document, endpoint.user_at or "")
        if endpoint.is_list:
            if not is_array(shown) or len(shown) > 1:
                unusable("it does not contain a list of at most one user, as declared")
            if not shown:
                return None
            (shown,) = shown
        user = self.users.read(shown)
        return user if user.is_called(identifier) else unusable("it is about another user than the one asked for")


def _check_said_nothing(answer: Answer) -> None:
    """Reject a response that does not confirm the request: an error, or a body that is not an object."""
    said = answer.document
    if not answer.is_empty and (not is_object(said) or said.get("error") or said.get("errors")):
        unusable(f"with status {answer.status} came an error, or a body that is not an object")
