"""The requests of each script to an API, and the meaning of the responses."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeAlias
from urllib.parse import quote

from attrs import field, frozen

from customdb_contract.databases._store import StoreError
from customdb_contract.databases.http._answers import Answer, Question, is_object
from customdb_contract.errors import ConfigurationError

__all__ = ["Endpoint", "HttpEndpoints", "Meaning"]


class Meaning(StrEnum):
    """The meaning of a response. A status without a meaning is a failure of the store."""

    DONE = "done"
    """The password is correct, the user is returned, or the change was made."""
    UNKNOWN = "unknown"
    """There is no such user."""
    WRONG_CREDENTIALS = "wrong credentials"
    """The user is unknown or the password is wrong, without a distinction."""
    WRONG_PASSWORD = "wrong password"  # noqa: S105 - a meaning
    """The user is known, and the password is wrong."""
    BLOCKED = "blocked"
    """The user must not log in."""
    TAKEN = "taken"
    """Another user has the identifier."""
    REFUSED = "refused"
    """A value is not accepted, for example a weak password."""


Key: TypeAlias = int | tuple[int, str | int]
"""A status, or a status and the code at `error_at` in the body."""

_WORD: Final = re.compile(r"\{([a-z_]+)\}")


@frozen
class Endpoint:
    """One operation of an API.

    Placeholders stand for the arguments of the script. In the path, they are percent-encoded. In the body, a text that
    consists of a single placeholder becomes its value, and a key whose argument is missing is left out.

    Args:
        method: The method, in capitals, such as `GET`.
        path: The path and query, such as `/users?login={identifier}`. It must not contain a password, because paths are
            logged.
        body: The JSON object to send, or None.
        user_at: The path of the user in the response: keys separated by dots, empty for the whole response. None if the
            response contains no user: `login` then requests the user by `get_user`.
        is_list: Whether the user is in a list, which is empty if the user is unknown.
        error_at: The path of the error code in the body.
        meanings: The meaning of each status, instead of the default of the script; a pair of a status and a code at
            `error_at` takes precedence over the status alone.

    Raises:
        ConfigurationError: If the path or a placeholder is not valid.
    """

    method: str
    path: str
    body: Mapping[str, object] | None = field(default=None, hash=False)
    user_at: str | None = field(default="", kw_only=True)
    is_list: bool = field(default=False, kw_only=True)
    error_at: str = field(default="error", kw_only=True)
    meanings: Mapping[Key, Meaning] | None = field(default=None, kw_only=True, hash=False)

    def __attrs_post_init__(self) -> None:
        if not re.fullmatch("[A-Z]+", self.method):
            message = f"the method {self.method!r} is not valid; expected capitals, such as GET or POST"
            raise ConfigurationError(message)
        rest = _WORD.sub("", self.path)
        if not self.path.startswith("/") or not rest.isascii() or not rest.isprintable() or re.search(r"[\s#{}]", rest):
            message = (
                f"the path {self.path!r} must begin with / and be encoded, except for placeholders: {{identifier}}"
            )
            raise ConfigurationError(message)

    @property
    def words(self) -> frozenset[str]:
        """The names of all placeholders."""
        return frozenset(_WORD.findall(self.path)) | frozenset(
            word for value in (self.body or {}).values() for word in _words(value)
        )

    @property
    def words_of_path(self) -> frozenset[str]:
        """The names of the placeholders in the path."""
        return frozenset(_WORD.findall(self.path))

    def asked(self, values: Mapping[str, object]) -> Question:
        """Return the request for the arguments of a script.

        Args:
            values: The value of each placeholder; None if the script does not have it.

        Raises:
            StoreError: If a value cannot be part of a path: `.` and `..` lead elsewhere, encoded or not
                (https://url.spec.whatwg.org/#double-dot-path-segment).
        """
        target = _WORD.sub(lambda found: quote(str(values[found[1]]), safe=""), self.path)
        if any(segment in {".", ".."} for segment in target.partition("?")[0].split("/")):
            raise StoreError
        body = None if self.body is None else {key: _filled(value, values) for key, value in self.body.items()}
        return Question(self.method, target, None if body is None else _without_absent(body))

    def meaning(self, answer: Answer, defaults: Mapping[int, Meaning]) -> Meaning | None:
        """Return the meaning of a response, or None for a failure of the store.

        Args:
            answer: The response.
            defaults: The meaning of each status that the endpoint does not declare.
        """
        if self.meanings is None:
            return defaults.get(answer.status)
        code = _code(answer.document, self.error_at)
        with_code = None if code is None else self.meanings.get((answer.status, code))
        return self.meanings.get(answer.status) if with_code is None else with_code


_ABSENT: Final = object()


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        found = _WORD.fullmatch(value)
        yield from () if found is None else (found[1],)
    elif is_object(value):
        for inner in value.values():
            yield from _words(inner)


def _filled(value: object, values: Mapping[str, object]) -> object:
    if is_object(value):
        return _without_absent({key: _filled(inner, values) for key, inner in value.items()})
    found = _WORD.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    given = values[found[1]]
    return _ABSENT if given is None else given


def _without_absent(body: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in body.items() if value is not _ABSENT}


def _code(document: object, path: str) -> str | int | None:
    value = document
    for key in path.split("."):
        value = value.get(key) if is_object(value) else None
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


_USER: Final = "/users/{identifier}"
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "login": frozenset({"identifier", "password"}),
    "get_user": frozenset({"identifier"}),
    "create": frozenset({"email", "username", "phone_number", "password"}),
    "verify": frozenset({"identifier", "user_id"}),
    "change_password": frozenset({"identifier", "user_id", "password"}),
    "change_email": frozenset({"identifier", "user_id", "new_email", "verified"}),
    "delete": frozenset({"user_id"}),
}
_IN_PATHS: Final = frozenset({"identifier", "user_id"})


@frozen(kw_only=True)
class HttpEndpoints:
    """The operation of each script. Its allowed placeholders are in braces.

    A write with `{user_id}` first runs `get_user` for the id in the API. A response to a write with 200 or 201 must
    contain the changed user, unless its `user_at` is None; one with 204 is empty.

    Args:
        login: `{identifier}`, `{password}`. Status 200: the password is correct; 401: wrong credentials; 403: blocked;
            404: unknown.
        get_user: `{identifier}`. 200: the user; 404: unknown.
        create: `{email}`, `{username}`, `{phone_number}`, `{password}`. 200, 201, 204: created; 409: taken.
        verify: `{identifier}`, `{user_id}`. 200, 204: noted; 404: unknown.
        change_password: `{identifier}`, `{user_id}`, `{password}`. 200, 204: changed; 404: unknown.
        change_email: `{identifier}`, `{user_id}`, `{new_email}`, `{verified}`. 200, 204: changed; 404: unknown;
            409: taken.
        delete: `{user_id}`. 200, 204: removed; 404: unknown, so there is nothing to remove.

    Raises:
        ConfigurationError: If an operation contains a placeholder that its script does not have, or a password in its
            path.
    """

    login: Endpoint = Endpoint("POST", "/login", {"identifier": "{identifier}", "password": "{password}"})
    get_user: Endpoint = Endpoint("GET", _USER)
    create: Endpoint = Endpoint(
        "POST",
        "/users",
        {
            "email": "{email}",
            "username": "{username}",
            "phone_number": "{phone_number}",
            "password": "{password}",
        },
    )
    verify: Endpoint = Endpoint("PATCH", _USER, {"email_verified": True})
    change_password: Endpoint = Endpoint("PATCH", _USER, {"password": "{password}"})
    change_email: Endpoint = Endpoint("PATCH", _USER, {"email": "{new_email}", "email_verified": "{verified}"})
    delete: Endpoint = Endpoint("DELETE", "/users/{user_id}", user_at=None)

    def __attrs_post_init__(self) -> None:
        for script, known in _WORDS.items():
            endpoint: Endpoint = getattr(self, script)
            _check(script, "the body or path", endpoint.words, known)
            _check(script, "the path", endpoint.words_of_path, known & _IN_PATHS)
        if self.get_user.user_at is None:
            message = "get_user must return the user, so its user_at cannot be None"
            raise ConfigurationError(message)


def _check(script: str, where: str, words: Iterable[str], known: frozenset[str]) -> None:
    unknown = sorted(set(words) - known)
    if unknown:
        allowed = ", ".join(f"{{{word}}}" for word in sorted(known)) or "no placeholder"
        message = f"{script} cannot have {{{unknown[0]}}} in {where}; allowed there: {allowed}"
        raise ConfigurationError(message)
