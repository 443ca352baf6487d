"""The error that a script passes to the callback."""

from collections.abc import Iterator
from typing import Final

from customdb_contract._pages import SCRIPT_PRACTICES, SCRIPTS
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._wording import kind_of
from customdb_contract.transcript import (
    Ending,
    Exchange,
    RecordedError,
    Transcript,
)

_NO_MESSAGE: Final = frozenset({"", "[object Object]", "undefined", "null", "None"})
_CLEAR_WITHOUT_MESSAGE: Final = frozenset({"WrongUsernameOrPasswordError", "ValidationError"})


@rule(
    group=Group.CALLBACK,
    severity=Severity.WARNING,
    scripts=tuple(Script),
    yields_to=("wrong-arity",),
    since="0.1.0",
    source=SCRIPTS,
)
def error_not_an_error_object(transcript: Transcript) -> Iterator[Comparison]:
    """A script passes an error to its callback that is not an error object.

    ## Why this matters
    Auth0 documents an `Error`. A text, a driver's object or `true` has no class, message or stack that Auth0 could
    read: the tenant log shows nothing useful, and wrong credentials look like an outage.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> failed "store down"   [outage: refuse]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "store down"   [outage: refuse]

    ## How to fix
    Python: `Failed(ScriptError("the store is unreachable"))`, or raise it. JavaScript:
    `callback(new Error('the store is unreachable'))`. Without an error, the first argument is `null`, not `false`.
    """
    for exchange in _failed(transcript):
        error = exchange.outcome.error
        if isinstance(error, RecordedError):
            yield Held((exchange,))
        else:
            message = (
                f"{exchange.script} passed {kind_of(error)} to its callback as the error; "
                "pass an error object, ScriptError(message) or new Error(message)"
            )
            yield Violation(message, (exchange,), path="error", expected="an error object", got=kind_of(error))


@rule(
    group=Group.CALLBACK,
    severity=Severity.INFO,
    scripts=tuple(Script),
    yields_to=("wrong-arity",),
    since="0.1.0",
    source=SCRIPT_PRACTICES,
)
def error_without_message(transcript: Transcript) -> Iterator[Comparison]:
    """A script reports an error without a useful message.

    ## Why this matters
    The tenant log records only the message of the failure. Without one, or with `[object Object]`, no one can find out
    why users could not log in.

    `WrongUsernameOrPasswordError` and `ValidationError` need no message: their class and first argument are enough.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error ""   [outage: refuse]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "the store refused the connection"   [outage: refuse]

    ## How to fix
    Describe the failure in the message, in words that users may see: no SQL, no host names, no values of the record.
    """
    for exchange in _failed(transcript):
        error = exchange.outcome.error
        if not isinstance(error, RecordedError):
            continue
        text = error.message.strip()
        if text not in _NO_MESSAGE or (not text and error.name in _CLEAR_WITHOUT_MESSAGE):
            yield Held((exchange,))
        else:
            said = f"the message {text!r}" if text else "no message"
            message = f"{exchange.script} reported {error.name} with {{got}}; describe the failure for the tenant log"
            yield Violation(message, (exchange,), path="error.message", expected="a description", got=said)


@rule(
    group=Group.CALLBACK,
    severity=Severity.INFO,
    scripts=tuple(Script),
    yields_to=("wrong-arity", "error-not-an-error-object"),
    since="0.1.0",
    source="good practice: Auth0 documents a result only without an error",
)
def result_beside_error(transcript: Transcript) -> Iterator[Comparison]:
    """A script passes a result to its callback together with an error.

    ## Why this matters
    Only one of them can be true, and Auth0 documents only one: at best the profile beside the error is lost.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> failed called with [{"$error": "Error", "message": "slow", "arguments": [], "location": null}, {"user_id": "7"}]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "slow"

    ## How to fix
    Call `callback(error)` with the error alone, or `callback(null, profile)` without an error.
    """  # noqa: E501 - one exchange is one line
    for exchange in _failed(transcript):
        beside = exchange.outcome.result
        if beside is None:
            yield Held((exchange,))
        else:
            message = (
                f"{exchange.script} passed {kind_of(beside)} to its callback beside the error; "
                "pass the error alone, or null and the result"
            )
            yield Violation(message, (exchange,), path="result", expected="nothing", got=kind_of(beside))


def _failed(transcript: Transcript) -> Iterator[Exchange]:
    return (exchange for exchange in transcript.judged if exchange.ending is Ending.FAILED)
