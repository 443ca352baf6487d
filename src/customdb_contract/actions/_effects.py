"""What the calls of `api` amount to: one write of metadata, a denial, claims, a redirect."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeAlias

from attrs import define, field, frozen

from customdb_contract.actions._calls import SeenCall
from customdb_contract.actions._limits import metadata_problem, shared_problem
from customdb_contract.transcript import ApiCall, Special, Value, json_text, plain

__all__ = ["Denial", "Effects", "Notice", "NoticeKind", "effects_of"]

Call: TypeAlias = SeenCall | ApiCall

_METADATA: Final = {"user.setUserMetadata": "user_metadata", "user.setAppMetadata": "app_metadata"}
_PRIMARY: Final = "authentication.setPrimaryUser"
_SHARED: Final = "transaction.setMetadata"
_CLAIMS: Final = {"idToken.setCustomClaim": "id token", "accessToken.setCustomClaim": "access token"}
_DENYING: Final = frozenset({"access.deny", "session.revoke", "refreshToken.revoke", "validation.error"})
_LEAVING: Final = frozenset({"redirect.sendUserTo", "prompt.render"})
_FACTORS: Final = frozenset(
    {
        "authentication.challengeWith",
        "authentication.challengeWithAny",
        "authentication.enrollWith",
        "authentication.enrollWithAny",
        "multifactor.enable",
    }
)


class NoticeKind(StrEnum):
    """Why a call of `api` had no effect."""

    LATE = "late"
    """It came after the handler's promise was resolved."""
    REFUSED = "refused"
    """Auth0 does not store the value that it would have written."""
    DISCARDED = "discarded"
    """It wrote to `user_metadata` in an Action that also changed the primary user."""


@frozen
class Notice:
    """A call of `api` that had no effect.

    Args:
        kind: Why.
        call: The call.
        text: What is wrong with it.
    """

    kind: NoticeKind
    call: Call
    text: str


@frozen
class Denial:
    """A log-in that an Action denied.

    Args:
        path: The call: `access.deny`, `session.revoke`, `refreshToken.revoke` or `validation.error`.
        reason: The reason, which can be shown to the user.
        code: The code of a `validation.error`; empty otherwise.
    """

    path: str
    reason: str
    code: str = ""


@frozen(kw_only=True)
class Effects:
    """What the Actions of a log-in did, all together.

    Args:
        user_metadata: First-level keys that are replaced as a whole; None removes one.
        app_metadata: The same for `app_metadata`.
        denial: The denial of the log-in, or None.
        leaves_for: The call that redirects the user before the log-in is finished, or None.
        factors: The calls that ask for additional factors, in order.
        id_token: Claims of the ID token.
        access_token: Claims of the access token.
        primary_user_id: The user that tokens are issued for instead, or None.
        shared: The metadata of the transaction.
        notices: The calls that had no effect, in order.
    """

    user_metadata: Mapping[str, Value] = field(factory=dict[str, Value])
    app_metadata: Mapping[str, Value] = field(factory=dict[str, Value])
    denial: Denial | None = None
    leaves_for: Call | None = None
    factors: tuple[Call, ...] = ()
    id_token: Mapping[str, Value] = field(factory=dict[str, Value])
    access_token: Mapping[str, Value] = field(factory=dict[str, Value])
    primary_user_id: str | None = None
    shared: Mapping[str, Value] = field(factory=dict[str, Value])
    notices: tuple[Notice, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether the user's metadata is written."""
        return bool(self.user_metadata or self.app_metadata)


def effects_of(actions: Iterable[Sequence[Call]], shared: Mapping[str, Value] | None = None) -> Effects:
    """Return what the calls of several Actions amount to, all together.

    Sources: <https://auth0.com/docs/actions/reference/post-login/post-login-api-object>,
    <https://auth0.com/docs/customize/actions/limitations>. Auth0 does not document how it handles a write that it
    cannot store: here, that one key is left out.

    Args:
        actions: The calls of each Action, in order.
        shared: The metadata of the transaction before; None stands for none.
    """
    gathered = _Gathered(shared=dict(shared or {}))
    for calls in actions:
        is_replaced = any(call.path == _PRIMARY and not call.late for call in calls)
        for call in calls:
            gathered.take(call, is_replaced=is_replaced)
    return gathered.effects()


@define
class _Gathered:
    shared: dict[str, Value]
    metadata: dict[str, dict[str, Value]] = field(factory=lambda: {"user_metadata": {}, "app_metadata": {}})
    claims: dict[str, dict[str, Value]] = field(factory=lambda: {"id token": {}, "access token": {}})
    denial: Denial | None = None
    leaves_for: Call | None = None
    factors: list[Call] = field(factory=list[Call])
    primary: str | None = None
    notices: list[Notice] = field(factory=list[Notice])

    def take(self, call: Call, *, is_replaced: bool) -> None:
        path = call.path
        if call.late:
            self._notice(NoticeKind.LATE, call, f"{path} was called after the Action had ended")
        elif path in _METADATA:
            self._write(call, _METADATA[path], is_replaced=is_replaced)
        elif path == _SHARED:
            self._share(call)
        elif path in _CLAIMS:
            self._claim(call, self.claims[_CLAIMS[path]])
        elif path in _DENYING:
            self.denial = self.denial or _denial(call)
        elif path in _LEAVING:
            self.leaves_for = self.leaves_for or call
        elif path in _FACTORS:
            self.factors.append(call)
        elif path == _PRIMARY:
            self.primary = self.primary or _text(_argument(call, 0))

    def effects(self) -> Effects:
        return Effects(
            user_metadata=self.metadata["user_metadata"],
            app_metadata=self.metadata["app_metadata"],
            denial=self.denial,
            leaves_for=self.leaves_for,
            factors=tuple(self.factors),
            id_token=self.claims["id token"],
            access_token=self.claims["access token"],
            primary_user_id=self.primary,
            shared=self.shared,
            notices=tuple(self.notices),
        )

    def _write(self, call: Call, kind: str, *, is_replaced: bool) -> None:
        named = self._named(call)
        if named is None:
            return
        key, value = named
        written = self.metadata[kind]
        problem = metadata_problem(kind, written, key, value)
        if is_replaced and kind == "user_metadata":
            self._notice(
                NoticeKind.DISCARDED, call, f"user_metadata.{key} is lost: the Action changes the primary user"
            )
        elif problem is not None:
            self._notice(NoticeKind.REFUSED, call, problem)
        else:
            written[key] = value

    def _share(self, call: Call) -> None:
        named = self._named(call)
        if named is None:
            return
        key, value = named
        problem = shared_problem(self.shared, key, value)
        if problem is not None:
            self._notice(NoticeKind.REFUSED, call, problem)
        elif value is None:
            self.shared.pop(key, None)
        else:
            self.shared[key] = value

    def _claim(self, call: Call, claims: dict[str, Value]) -> None:
        named = self._named(call)
        if named is not None:
            claims[named[0]] = named[1]

    def _named(self, call: Call) -> tuple[str, Value] | None:
        """Return a key and its value as JSON has it, or None if there is no such key or value."""
        key, value = _argument(call, 0), _argument(call, 1)
        if not isinstance(key, str):
            self._notice(NoticeKind.REFUSED, call, f"{call.path} was called with a key that is not a string")
            return None
        if isinstance(value, Special) and value.kind == "undefined":
            self._notice(NoticeKind.REFUSED, call, f"{call.path} was called with the key {key} and no value")
            return None
        return key, plain(value)

    def _notice(self, kind: NoticeKind, call: Call, text: str) -> None:
        self.notices.append(Notice(kind, call, text))


def _argument(call: Call, place: int) -> Value:
    return call.arguments[place] if place < len(call.arguments) else Special("undefined")


def _denial(call: Call) -> Denial:
    if call.path == "validation.error":
        return Denial(call.path, _text(_argument(call, 1)), _text(_argument(call, 0)))
    return Denial(call.path, _text(_argument(call, 0)))


def _text(value: Value) -> str:
    plainly = plain(value)
    return plainly if isinstance(plainly, str) else "" if plainly is None else json_text(plainly)
