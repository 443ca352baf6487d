"""The lines of a scene, safe to show: the operation, its scripts, stored and logged data, and the response."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from string import Formatter
from typing import Final, assert_never

from attrs import frozen

from customdb_contract.reports.stories._scenes import Caused, Scene
from customdb_contract.transcript import (
    UNKNOWN,
    ActionRun,
    Actor,
    ApiCall,
    Exchange,
    LegacyRequest,
    LogEntry,
    Operation,
    Response,
    Situation,
    Store,
    StoreWrite,
    Value,
    cut_masked,
    json_text,
    print_call,
    print_outcome,
    print_run_outcome,
    printable,
    token,
)

__all__ = ["Line", "LineKind", "lines_of"]

_MOST: Final = 800
"""Characters of a line that are shown; a stored transcript has all of them."""


class LineKind(StrEnum):
    """The subject of a line."""

    DONE = "done"
    """The operation."""
    SCRIPT = "script"
    """A script that ran."""
    ACTION = "action"
    """An Action that ran, or its call of `api`."""
    REQUEST = "asked"
    """A request of an Action to the legacy system."""
    STORE = "store"
    """Data that Auth0 stored."""
    LOG = "log"
    """An entry of the tenant log."""
    SEEN = "seen"
    """The response to the user, administrator or application."""


@frozen
class Line:
    """A line of a story. Its texts are printable, each in one line.

    Args:
        kind: The subject of the line.
        text: The event; for a script, its call.
        answer: The ending of the script or the Action, or the response; empty in other lines.
    """

    kind: LineKind
    text: str
    answer: str = ""


_WHO: Final[Mapping[Actor, str]] = {
    Actor.USER: "A user",
    Actor.ADMIN: "An administrator",
    Actor.APPLICATION: "An application",
}

_DONE: Final[Mapping[str, str]] = {
    "log_in": "logs in as {identifier}",
    "sign_up": "signs up as {email}",
    "create_user": "creates the user {email}",
    "change_email": "changes the e-mail of {user_id} to {email}",
    "change_username": "changes the username of {user_id} to {username}",
    "request_password_reset": "asks for a password reset for {email}",
    "complete_password_reset": "opens the link of the password reset for {email} and sets a password",
    "change_password": "sets a password for {user_id}",
    "verify_email": "opens the verification link of {user_id}",
    "update_user": "updates {user_id}",
    "delete_user": "deletes {user_id}",
    "delete_connection_user": "deletes the half-created user {email}",
    "get_user": "looks up {user_id}",
    "search": "searches for {identifier}",
    "switch_import_mode": "switches import mode {on}",
}
"""The text of each operation, with its arguments. Other operations, or ones without these arguments, use the name."""

_SUCCEEDED: Final[Mapping[str, str]] = {
    "log_in": "logged in as",
    "sign_up": "account created:",
    "request_password_reset": "an e-mail is on its way, if there is such a user",
    "complete_password_reset": "the password is set",
    "search": "found",
}
"""The response to an operation that succeeded; the default is "done"."""

_TOO_LATE: Final = " (too late)"

_SWITCH: Final = {True: "on", False: "off"}

_STORES: Final[Mapping[Store, str]] = {Store.USERS: "user store", Store.INTERNAL: "internal store"}

_CODES: Final[Mapping[str, str]] = {
    "s": "successful log-in",
    "f": "failed log-in",
    "fp": "failed log-in: wrong password",
    "fu": "failed log-in: unknown user",
    "ss": "successful sign-up",
    "fs": "failed sign-up",
    "scp": "password changed",
    "fcp": "password not changed",
    "scpr": "password reset requested",
    "fcpr": "password reset not requested",
    "sce": "e-mail changed",
    "fce": "e-mail not changed",
    "scu": "username changed",
    "fcu": "username not changed",
    "sv": "e-mail verified",
    "fv": "e-mail not verified",
    "svr": "verification e-mail sent",
    "sdu": "user deleted",
    "fdu": "user not deleted",
    "sapi": "written by the Management API",
    "wum": "warning about a user",
}


def lines_of(scene: Scene, most: int = _MOST) -> Sequence[Line]:
    """Return the lines of a scene: the operation, its effects, and the response.

    Args:
        scene: The scene.
        most: The maximum number of characters of a text, before escaping.
    """
    caused = [_line(record, most) for record in scene.caused]
    operation = scene.operation
    if operation is None:
        return caused
    done = Line(LineKind.DONE, _shown(_done(operation), most))
    return [done, *caused, Line(LineKind.SEEN, _shown(_seen(operation.name, operation.response), most))]


def _shown(text: str, most: int) -> str:
    kept = cut_masked(text, most)
    left_out = len(text) - len(kept)
    return f"{printable(kept)}… (and {left_out:,} more characters)" if left_out else printable(kept)


def _line(record: Caused, most: int) -> Line:
    match record:
        case Exchange():
            called = print_call(record.script, record.arguments)
            return Line(LineKind.SCRIPT, _shown(called, most), _shown(_answered(record), most))
        case StoreWrite():
            return Line(LineKind.STORE, _shown(_stored(record), most))
        case LogEntry():
            return Line(LineKind.LOG, _shown(" ".join(_logged(record)), most))
        case ActionRun():
            return Line(LineKind.ACTION, _shown(f"{token(record.action)} runs", most), _shown(_ended(record), most))
        case ApiCall():
            text = f"api.{record.path}({', '.join(map(json_text, record.arguments))}){_TOO_LATE * record.late}"
            return Line(LineKind.ACTION, _shown(text, most))
        case LegacyRequest():
            text = f"{record.method} {printable(record.url)}{_TOO_LATE * record.late}"
            return Line(LineKind.REQUEST, _shown(text, most), _shown(_response(record), most))
        case _ as unreachable:
            assert_never(unreachable)


def _ended(run: ActionRun) -> str:
    return f"{print_run_outcome(run.outcome)}{'' if run.legacy is None else f' [legacy system: {run.legacy}]'}"


def _response(request: LegacyRequest) -> str:
    answer = request.answer
    if answer is None:
        return "no response"
    return f"{answer.status}{'' if answer.body is None else f' {token(answer.body)}'}"


def _answered(call: Exchange) -> str:
    is_outage = call.situation.family == Situation.OUTAGE
    return f"{print_outcome(call.script, call.outcome)}{f' [{call.situation}]' if is_outage else ''}"


def _done(operation: Operation) -> str:
    who = _WHO[operation.actor]
    if operation.actor is Actor.USER and operation.person != UNKNOWN:
        who = token(operation.person)
    template = _DONE.get(operation.name, "")
    named = [name for _, name, _, _ in Formatter().parse(template) if name]
    if not template or any(name not in operation.arguments for name in named):
        who, template, named = f"{who}:", operation.name.replace("_", " "), []
    values = {name: _word(operation.arguments[name]) for name in named}
    others = _named({name: value for name, value in operation.arguments.items() if name not in named})
    return f"{who} {template.format_map(values)}{f' ({others})' if others else ''}"


def _word(value: Value) -> str:
    return _SWITCH[value] if isinstance(value, bool) else token(value)


def _seen(name: str, response: Response | None) -> str:
    if response is None:
        return "nothing: the operation did not end"
    if response.succeeded:
        parts = [_SUCCEEDED.get(name, "done" if response.shown is None else "done:")]
        nothing = "no user" if name == "search" else ""
        parts.append(nothing if response.shown is None else token(response.shown))
    else:
        parts = ["refused" if response.interrupted is None else "an error"]
    if response.message:
        parts.append(json_text(response.message))
    if response.interrupted is not None:
        parts.append(f"(interrupted {token(response.interrupted)})")
    return " ".join(filter(None, parts))


def _stored(write: StoreWrite) -> str:
    where = f"{_STORES[write.store]}: {token(write.user_id)}"
    if write.attributes is None:
        return f"{where} is removed"
    given = {name: value for name, value in write.attributes.items() if value is not None}
    is_half = write.store is Store.INTERNAL and "pending" in given
    return f"{where} with {_named(given) or 'nothing new'}{' (half-created)' if is_half else ''}"


def _named(values: Mapping[str, Value]) -> str:
    return ", ".join(f"{token(name)} {token(value)}" for name, value in values.items())


def _logged(entry: LogEntry) -> Iterator[str]:
    yield token(entry.code)
    if entry.code in _CODES:
        yield f"({_CODES[entry.code]})"
    if entry.description:
        yield json_text(entry.description)
    if entry.user_id is not None:
        yield f"about {token(entry.user_id)}"
    if entry.inferred:
        yield "[inferred]"
