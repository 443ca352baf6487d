"""The answers of the stand-in for the legacy system, by its state and the requested user."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from attrs import evolve, field, frozen

from customdb_contract.profiles import RESERVED_APP_METADATA
from customdb_contract.transcript import LegacyState

__all__ = ["LegacyAnswers", "LegacyResponse", "LegacyUser", "answer_in"]

USER_ID: Final = "{user_id}"
EMAIL: Final = "{email}"

_MOST_STORED_BYTES: Final = 32_768
"""The most bytes of metadata that one session of Actions can store."""

_OTHER_TYPES: Final[Mapping[type, object]] = {
    str: 4711,
    bool: "yes",
    int: "4711",
    float: "47.11",
    list: {"0": "first"},
    type(None): "null",
}


@frozen
class LegacyResponse:
    """An answer of the legacy system.

    Args:
        status: The HTTP status.
        body: The body: JSON, or a text that is sent unchanged; None for an empty body. In its texts, `{user_id}` and
            `{email}` stand for the requested user.
    """

    status: int = 200
    body: object = None


@frozen(kw_only=True)
class LegacyAnswers:
    """The answers of the legacy system without an outage.

    Args:
        found: The answer for a user with metadata.
        not_found: The answer for an unknown user.
        empty: The answer for a user without metadata; None stands for `found`, reduced to the parts with a placeholder.
        paths: The answers to requests with certain paths, for any user.
    """

    found: LegacyResponse
    not_found: LegacyResponse = LegacyResponse(404, cast("object", {"error": "no such user"}))
    empty: LegacyResponse | None = None
    paths: Mapping[str, LegacyResponse] = field(factory=dict[str, LegacyResponse])

    @property
    def names_the_user(self) -> bool:
        """Whether an answer identifies its user, so that the answer for another user differs."""
        return _has_placeholder(self.found.body)


@frozen
class LegacyUser:
    """A user in the legacy system.

    Args:
        user_id: The id in the legacy system: that of the identity in Auth0, without `auth0|`.
        email: The e-mail in the legacy system, or an empty text.
    """

    user_id: str
    email: str


def answer_in(state: LegacyState, answers: LegacyAnswers, user: LegacyUser | None, path: str) -> LegacyResponse:
    """Return the answer in a state that is not an outage.

    Args:
        state: The state.
        answers: The answers of the legacy system.
        user: The requested user, or None if it is unknown.
        path: The requested path, without its query.
    """
    fixed = answers.paths.get(path)
    if fixed is not None:
        return fixed if user is None else _filled(fixed, user)
    if user is None or state is LegacyState.NO_SUCH_USER:
        return answers.not_found if user is None else _filled(answers.not_found, user)
    found = answers.found
    match state:
        case LegacyState.NO_METADATA:
            return _filled(answers.empty or evolve(found, body=_cut_down(found.body)), user)
        case LegacyState.SOMEBODY_ELSE:
            return _filled(found, _somebody_else(user))
        case LegacyState.RESERVED_NAMES:
            return _filled(evolve(found, body=_with_members(found.body, _reserved())), user)
        case LegacyState.DOTTED_KEYS:
            return _filled(evolve(found, body=_with_members(found.body, {"plan.name": "full", "$set": "full"})), user)
        case LegacyState.TOO_LARGE:
            return _filled(evolve(found, body=_with_members(found.body, {"history": "x" * _MOST_STORED_BYTES})), user)
        case LegacyState.OTHER_TYPES:
            return _filled(evolve(found, body=_of_other_types(found.body)), user)
        case LegacyState.NO_OBJECT:
            return _filled(evolve(found, body=[found.body]), user)
        case _:
            return _filled(found, user)


def _filled(response: LegacyResponse, user: LegacyUser) -> LegacyResponse:
    def fill(text: str) -> str:
        return text.replace(USER_ID, user.user_id).replace(EMAIL, user.email)

    return evolve(response, body=_mapped(response.body, fill))


def _mapped(value: object, change: Callable[[str], object]) -> object:
    """Return JSON with all texts changed."""
    match value:
        case str():
            return change(value)
        case dict():
            members = cast("dict[str, object]", value)
            return {key: _mapped(member, change) for key, member in members.items()}
        case list():
            return [_mapped(item, change) for item in cast("list[object]", value)]
        case _:
            return value


def _has_placeholder(value: object) -> bool:
    match value:
        case str():
            return USER_ID in value or EMAIL in value
        case dict():
            return any(_has_placeholder(member) for member in cast("dict[str, object]", value).values())
        case list():
            return any(_has_placeholder(item) for item in cast("list[object]", value))
        case _:
            return False


def _cut_down(value: object) -> object:
    """Return the parts of an answer that identify its user."""
    match value:
        case dict():
            members = cast("dict[str, object]", value)
            return {key: _cut_down(member) for key, member in members.items() if _has_placeholder(member)}
        case list():
            return [_cut_down(item) for item in cast("list[object]", value) if _has_placeholder(item)]
        case _:
            return value


def _somebody_else(user: LegacyUser) -> LegacyUser:
    user_id = str(int(user.user_id) + 1) if user.user_id.isdecimal() else "somebody-else"
    return LegacyUser(user_id, "somebody.else@example.com")


def _reserved() -> Mapping[str, object]:
    return dict.fromkeys(sorted(RESERVED_APP_METADATA), "from the legacy system")


def _with_members(value: object, members: Mapping[str, object]) -> object:
    """Return JSON with additional members in every object; existing members are unchanged."""
    match value:
        case dict():
            own = cast("dict[str, object]", value)
            return {**members, **{key: _with_members(member, members) for key, member in own.items()}}
        case list():
            return [_with_members(item, members) for item in cast("list[object]", value)]
        case _:
            return value


def _of_other_types(value: object) -> object:
    """Return JSON with values of other types, except for those that identify the user."""
    match value:
        case dict():
            members = cast("dict[str, object]", value)
            return {key: _of_other_types(member) for key, member in members.items()}
        case list() if _has_placeholder(cast("object", value)):
            return [_of_other_types(item) for item in cast("Sequence[object]", value)]
        case _:
            return value if _has_placeholder(value) else _OTHER_TYPES[type(value)]
