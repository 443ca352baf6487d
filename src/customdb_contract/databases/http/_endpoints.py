"""Where each script of an API goes, what it sends, and what the answers mean."""

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
    """What an answer means. A status to which none is given means that the store failed."""

    DONE = "done"
    """The password is right, the user is shown, or the change was made."""
    UNKNOWN = "unknown"
    """There is no such user."""
    WRONG_CREDENTIALS = "wrong credentials"
    """The user is unknown, or the password is wrong: which of both isn't said."""
    WRONG_PASSWORD = "wrong password"  # noqa: S105 - a meaning
    """The user is known, and the password is wrong."""
    BLOCKED = "blocked"
    """The user must not log in."""
    TAKEN = "taken"
    """Another user has the identifier."""
    REFUSED = "refused"
    """What should be stored is not accepted: a weak password, for example."""


Key: TypeAlias = int | tuple[int, str | int]
"""A status, or a status with the code that the body has at `error_at`."""

_WORD: Final = re.compile(r"\{([a-z_]+)\}")


@frozen
class Endpoint:
    """One operation of an API.

    Placeholders stand for what the script was called with. In the path each is percent-encoded; in the body a text that
    is one placeholder and nothing else becomes its value, and a key whose value the script does not have is left out.

    Args:
        method: The method, in capitals, such as `GET`.
        path: The path and query, such as `/users?login={identifier}`. No password may stand in it: paths are logged.
        body: The JSON object to send, or None.
        user_at: Where the answer shows the user: keys with dots between them, empty for the whole answer. None where it
            shows none: `login` then asks for the user by `get_user`.
        is_list: Whether a list stands there, which is empty where there is no such user.
        error_at: Where the body has the code of an error.
        meanings: What each status means, in place of the default of the script; a pair of a status and a code of
            `error_at` goes before the status alone.

    Raises:
        ConfigurationError: When the path or a placeholder cannot be used.
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
            message = f"the method {self.method!r} is none; expected capitals, such as GET or POST"
            raise ConfigurationError(message)
        rest = _WORD.sub("", self.path)
        if not self.path.startswith("/") or not rest.isascii() or not rest.isprintable() or re.search(r"[\s#{}]", rest):
            message = f"the path {self.path!r} must begin with / and be encoded, but for placeholders: {{identifier}}"
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
        """Return the request for what a script was called with.

        Args:
            values: What stands for each placeholder; None for what the script does not have.

        Raises:
            StoreError: When a value cannot stand in a path: `.` and `..` lead elsewhere there, encoded or not
                (https://url.spec.whatwg.org/#double-dot-path-segment).
        """
        target = _WORD.sub(lambda found: quote(str(values[found[1]]), safe=""), self.path)
        if any(segment in {".", ".."} for segment in target.partition("?")[0].split("/")):
            raise StoreError
        body = None if self.body is None else {key: _filled(value, values) for key, value in self.body.items()}
        return Question(self.method, target, None if body is None else _without_absent(body))

    def meaning(self, answer: Answer, defaults: Mapping[int, Meaning]) -> Meaning | None:
        """Return what an answer means, or None for a failure of the store.

        Args:
            answer: The answer.
            defaults: What each status means where the endpoint does not say it.
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
    """The operation of each script. The placeholders that each may have are in braces.

    A write that has `{user_id}` asks `get_user` first, for the id that the API has. A write that answers with 200 or
    201 must show the user as it is then, unless its `user_at` is None; with 204 it shows nothing.

    Args:
        login: `{identifier}`, `{password}`. Status 200: the password is right; 401: wrong credentials; 403: blocked;
            404: unknown.
        get_user: `{identifier}`. 200: the user; 404: unknown.
        create: `{email}`, `{username}`, `{phone_number}`, `{password}`. 200, 201, 204: created; 409: taken.
        verify: `{identifier}`, `{user_id}`. 200, 204: noted; 404: unknown.
        change_password: `{identifier}`, `{user_id}`, `{password}`. 200, 204: changed; 404: unknown.
        change_email: `{identifier}`, `{user_id}`, `{new_email}`, `{verified}`. 200, 204: changed; 404: unknown;
            409: taken.
        delete: `{user_id}`. 200, 204: removed; 404: unknown, so nothing is to be removed.

    Raises:
        ConfigurationError: When an operation has a placeholder that its script does not have, or a password in a path.
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
            message = "get_user must show the user: its user_at cannot be None"
            raise ConfigurationError(message)


def _check(script: str, where: str, words: Iterable[str], known: frozenset[str]) -> None:
    unknown = sorted(set(words) - known)
    if unknown:
        allowed = ", ".join(f"{{{word}}}" for word in sorted(known)) or "no placeholder"
        message = f"{script} cannot have {{{unknown[0]}}} in {where}; there it may have {allowed}"
        raise ConfigurationError(message)
