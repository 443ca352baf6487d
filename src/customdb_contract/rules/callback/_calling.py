"""The rules of the group `callback` about one call: how it ends, how often, and with what."""

from collections.abc import Iterator
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._wording import kind_of
from customdb_contract.rules.callback._circumstances import could_be_asked, severity_of
from customdb_contract.transcript import (
    Ending,
    Escape,
    Exchange,
    Noticed,
    RecordedError,
    Transcript,
    ending_of,
)

_SCRIPTS_PAGE: Final = (
    "https://auth0.com/docs/authenticate/database-connections/custom-db/custom-database-connections-scripts"
)
_BEST_PRACTICES_PAGE: Final = (
    "https://auth0.com/docs/authenticate/database-connections/custom-db/action-script-best-practices"
)
_CONNECTION_PAGE: Final = "https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection"

_LIMIT_SECONDS: Final = 20.0
"""After about this time Auth0 recycles the container that a script runs in."""
_LATE_SECONDS: Final = 10.0
"""From here on a script is so near the limit that a busy store takes it over."""
_IN_TIME: Final = f"less than {_LATE_SECONDS:.0f} s"

_NO_MESSAGE: Final = frozenset({"", "[object Object]", "undefined", "null", "None"})
_ERRORS_THAT_SPEAK_WITHOUT_MESSAGE: Final = frozenset({"WrongUsernameOrPasswordError", "ValidationError"})


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    yields_to=("wrong-arity", "callback-inside-try"),
    source=_SCRIPTS_PAGE,
)
def callback_called_twice(transcript: Transcript) -> Iterator[Comparison]:
    """A script calls its callback more than once for one call.

    ## Why this matters
    The first calling ends the script. Auth0 says that more than one leads to "unpredictable results and/or errors": the
    second answer may be taken for that of another user's log-in.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}; called again -> not-found

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}

    ## How to fix
    Return right after each calling of the callback, and never call it inside a `try` block whose handler calls it too:
    an exception that leaves the first calling would lead to the second.

    ```python
    row = self.find(identifier)
    return callback(None) if row is None else callback(None, profile_of(row))
    ```

    ```javascript
    if (!row) return callback(null);
    return callback(null, profileOf(row));
    ```
    """
    for exchange in transcript.judged:
        callbacks = exchange.outcome.callbacks
        if len(callbacks) > 1:
            endings = ", then ".join(ending_of(exchange.script, arguments) for arguments in callbacks)
            message = (
                f"{exchange.script} called its callback {{got}} times for one call ({endings}); "
                "call it exactly once, as the last thing"
            )
            yield Violation(message, (exchange,), path="callback", expected="1", got=str(len(callbacks)))
        elif callbacks:
            yield Held((exchange,))


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    yields_to=("wrong-arity", "uncaught-async-exception", "slow-on-long-input"),
    source=_SCRIPTS_PAGE,
)
def callback_not_called(transcript: Transcript) -> Iterator[Comparison]:
    """A script does not end: it neither calls its callback nor returns a result.

    ## Why this matters
    Auth0 waits until the container's limit of about 20 seconds and then reports an error. Until then the person who
    logs in looks at a blank page. It happens above all where nobody looks: when the store doesn't answer.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> timed-out; after 20.0 s   [outage: hang]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "the store did not answer"; after 5.0 s   [outage: hang]

    ## How to fix
    End every branch with a result. Give each call to the store a time-out of its own that is well below 10 seconds, and
    report it as an error when it is reached.

    ```python
    try:
        answer = client.get(url, timeout=5.0)
    except httpx.TransportError as error:
        return Failed(ScriptError(f"the store is out of reach: {type(error).__name__}"))
    ```

    ```javascript
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });   // reject -> callback(new Error(...))
    ```
    """
    for exchange in transcript.judged:
        outcome = exchange.outcome
        if outcome.callbacks:
            yield Held((exchange,))
        elif exchange.ending is Ending.DIED:
            message = (
                f"{exchange.script} ended the process that it ran in before it called its callback; "
                "end every branch with a result or with callback(error)"
            )
            yield Violation(message, (exchange,))
        elif exchange.ending is Ending.TIMED_OUT and could_be_asked(exchange):
            seconds = exchange.outcome.duration
            within = f"{seconds:.0f} s" if seconds >= 1 else "the time limit"
            yield Violation(_never_ended(exchange), (exchange,), severity_of(exchange), got=within)


def _never_ended(exchange: Exchange) -> str:
    if exchange.outcome.noticed(Noticed.NOTHING_LEFT):
        return (
            f"{exchange.script} did not call its callback, and nothing was left under way that could have; "
            "end every branch with a result or with callback(error)"
        )
    if exchange.situation.family == "outage":
        return (
            f"{exchange.script} neither called its callback nor returned a result within {{got}} while the store was "
            "out of reach; give each call to the store its own time-out, and report it with callback(error)"
        )
    return (
        f"{exchange.script} neither called its callback nor returned a result within {{got}}; "
        "end every branch with a result or with callback(error)"
    )


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    yields_to=("wrong-arity", "slow-on-long-input"),
    source=_SCRIPTS_PAGE,
)
def callback_too_late(transcript: Transcript) -> Iterator[Comparison]:
    """A script ends so late that Auth0 has given it up, or nearly.

    ## Why this matters
    Auth0 recycles a script's container after about 20 seconds: whatever the script answers then is lost, the log-in
    fails. From 10 seconds on (a warning) the next busy hour of the store brings it there.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}; after 23.0 s

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}; after 1.5 s

    ## How to fix
    Look a person up by an indexed column, open connections once and not per call, and give each call to the store a
    time-out so that all of them together stay below 10 seconds, also when they are repeated.
    """
    for exchange in transcript.judged:
        outcome = exchange.outcome
        if not outcome.callbacks:
            continue
        ended = f"{exchange.script} called its callback or returned only after {{got}}"
        seconds = f"{outcome.duration // 1:.0f} s"
        if outcome.duration >= _LIMIT_SECONDS:
            message = f"{ended}; Auth0 stops a script after about 20 s, so set a shorter timeout for the store"
            yield Violation(message, (exchange,), path="duration", expected=_IN_TIME, got=seconds)
        elif outcome.duration >= _LATE_SECONDS:
            message = f"{ended}; that is near the 20 s after which Auth0 stops a script, so stay below 10 s"
            yield Violation(message, (exchange,), Severity.WARNING, path="duration", expected=_IN_TIME, got=seconds)
        elif exchange.ending is Ending.TIMED_OUT:
            message = (
                f"{exchange.script} called its callback only after the time limit of this check; "
                "make it faster, or set a longer timeout of at most 20 s"
            )
            yield Violation(
                message, (exchange,), Severity.WARNING, path="duration", expected=_IN_TIME, got="the time limit"
            )
        else:
            yield Held((exchange,))


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    yields_to=("wrong-arity", "script-not-implemented", "context-without-organization", "sql-injection"),
    source="good practice: Auth0 documents no ending but the callback, and shows a thrown error as an internal one",
)
def throws_synchronously(transcript: Transcript) -> Iterator[Comparison]:
    """A script lets an exception escape instead of handing an error to its callback.

    ## Why this matters
    An exception is no documented ending. People see an internal error, the tenant log has the text of a driver instead
    of yours, and where a store is out of reach nobody can tell that from a wrong password.

    For hostile input (only an attacker sees the failure) it is a warning.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> raised ConnectionError "connection refused"   [outage: refuse]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed ScriptError "the store is out of reach"   [outage: refuse]

    ## How to fix
    Catch what the driver raises, and report it as an error of the contract. In Python, raising a `ScriptError` or a
    subclass is the same as handing it to the callback.

    ```python
    try:
        row = self.find(identifier)
    except sqlite3.Error as error:
        raise ScriptError("the store is out of reach") from error
    ```

    ```javascript
    let answer;
    try { answer = JSON.parse(body); } catch (error) { return callback(new Error('the store sent no JSON')); }
    ```
    """
    for exchange in transcript.judged:
        outcome = exchange.outcome
        if outcome.raised is None or outcome.escape is not Escape.THROWN:
            yield Held((exchange,))
        elif could_be_asked(exchange):
            after = " after it had called its callback" if outcome.callbacks else ""
            during = " while the store was out of reach" if exchange.situation.family == "outage" else ""
            message = (
                f"{exchange.script} raised {outcome.raised.name}{after}{during}; "
                "catch it, and report it as ScriptError or with callback(error)"
            )
            yield Violation(message, (exchange,), severity_of(exchange))


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    yields_to=("wrong-arity", "script-not-implemented", "context-without-organization"),
    source="good practice: nothing can catch such an exception for the script, so its callback is never called",
)
def uncaught_async_exception(transcript: Transcript) -> Iterator[Comparison]:
    """An exception escapes in a task, a thread or an event handler that a script started.

    ## Why this matters
    Nobody waits for that task: the exception reaches no callback, and the log-in hangs until Auth0 gives it up. In
    Node it ends the whole process, with the log-ins of other people in it.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> raised later KeyError "email"

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed ScriptError "the record has no email"

    ## How to fix
    Wait for what the script starts (`await task`, `future.result()`), so that its exception arrives where it can be
    caught, or catch it inside and call the callback with an error.

    ```javascript
    connection.query(sql, [email], (error, rows) => {
      if (error) return callback(error);
      try { callback(null, profileOf(rows)); } catch (failure) { /* profileOf must not throw here */ }
    });
    ```
    """
    for exchange in transcript.judged:
        outcome = exchange.outcome
        if outcome.raised is None or outcome.escape is not Escape.LATER:
            yield Held((exchange,))
        elif could_be_asked(exchange):
            result = "" if outcome.callbacks else ", so its callback was never called"
            message = (
                f"{exchange.script} left {outcome.raised.name} uncaught in a task or thread that it started{result}; "
                "wait for what it starts, and report the error with callback(error)"
            )
            yield Violation(message, (exchange,), severity_of(exchange))


@rule(
    group=Group.CALLBACK,
    severity=Severity.WARNING,
    scripts=tuple(Script),
    yields_to=("wrong-arity",),
    source=_SCRIPTS_PAGE,
)
def error_not_an_error_object(transcript: Transcript) -> Iterator[Comparison]:
    """A script hands something to its callback as the error that is no error object.

    ## Why this matters
    Auth0 documents an `Error`. A text, an object of a driver or `true` has no class, message and stack that Auth0 could
    read: the tenant log shows nothing useful, and wrong credentials can't be told from an outage.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> failed "store down"   [outage: refuse]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "store down"   [outage: refuse]

    ## How to fix
    Python: `Failed(ScriptError("the store is out of reach"))`, or raise it. JavaScript:
    `callback(new Error('the store is out of reach'))`. Without an error, the first argument is `null`, not `false`.
    """
    for exchange in _failed(transcript):
        error = exchange.outcome.error
        if isinstance(error, RecordedError):
            yield Held((exchange,))
        else:
            message = (
                f"{exchange.script} gave its callback {kind_of(error)} as the error; "
                "give it an error object, ScriptError(message) or new Error(message)"
            )
            yield Violation(message, (exchange,), path="error", expected="an error object", got=kind_of(error))


@rule(
    group=Group.CALLBACK,
    severity=Severity.INFO,
    scripts=tuple(Script),
    yields_to=("wrong-arity",),
    source=_BEST_PRACTICES_PAGE,
)
def error_without_message(transcript: Transcript) -> Iterator[Comparison]:
    """A script reports an error whose message says nothing.

    ## Why this matters
    The message is what the tenant log has of the failure. Without one, or with `[object Object]`, nobody finds out why
    people could not log in.

    `WrongUsernameOrPasswordError` and `ValidationError` may do without: their class and first argument say it all.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error ""   [outage: refuse]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "the store refused the connection"   [outage: refuse]

    ## How to fix
    Say in the message what failed, in words that may be seen by people: no SQL, no host names, no values of the record.
    """
    for exchange in _failed(transcript):
        error = exchange.outcome.error
        if not isinstance(error, RecordedError):
            continue
        text = error.message.strip()
        if text not in _NO_MESSAGE or (not text and error.name in _ERRORS_THAT_SPEAK_WITHOUT_MESSAGE):
            yield Held((exchange,))
        else:
            said = f"the message {text!r}" if text else "no message"
            message = f"{exchange.script} reported {error.name} with {{got}}; say what failed, for the tenant log"
            yield Violation(message, (exchange,), path="error.message", expected="what failed", got=said)


@rule(
    group=Group.CALLBACK,
    severity=Severity.INFO,
    scripts=tuple(Script),
    yields_to=("wrong-arity", "error-not-an-error-object"),
    source="good practice: Auth0 documents a result only without an error",
)
def result_beside_error(transcript: Transcript) -> Iterator[Comparison]:
    """A script hands a result to its callback together with an error.

    ## Why this matters
    Only one of them can be true, and Auth0 documents only one: the profile beside the error is lost at best.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> failed called with [{"$error": "Error", "message": "slow", "arguments": [], "location": null}, {"user_id": "7"}]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "slow"

    ## How to fix
    Call `callback(error)` with the error alone, or `callback(null, profile)` when there is none.
    """  # noqa: E501 - one exchange is one line
    for exchange in _failed(transcript):
        beside = exchange.outcome.result
        if beside is None:
            yield Held((exchange,))
        else:
            message = (
                f"{exchange.script} gave its callback {kind_of(beside)} beside the error; "
                "give the error alone, or null and the result"
            )
            yield Violation(message, (exchange,), path="result", expected="nothing", got=kind_of(beside))


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    source=_CONNECTION_PAGE,
)
def wrong_arity(transcript: Transcript) -> Iterator[Comparison]:
    """A script's parameters are not those that the connection calls it with.

    ## Why this matters
    Auth0 passes arguments by position: the script's own, then `context` when the connection has
    `enable_script_context`, then `callback`. A script that expects them otherwise calls the context object, or nothing,
    as its callback, and every call fails.

    ## Violates
        script login signature="(identifier, password, callback)" problem="context is expected before callback"
        connection script_context=on

    ## Conforms
        script login signature="(identifier, password, context, callback)"
        connection script_context=on

    ## How to fix
    Name the last parameter `callback`, and take `context` directly before it when the connection has it. A Python
    script without a parameter `callback` returns its result instead; there `context` comes last.

    ```python
    def login(self, identifier, password, context, callback): ...
    def login(self, identifier, password, context): ...   # returns Found(...) or Failed(...)
    ```

    ```javascript
    function login(userNameOrEmail, password, context, callback) { /* ... */ }
    ```
    """
    for script, info in transcript.header.scripts.items():
        calls = tuple(transcript.select(script))
        if info.problem is not None:
            message = f"the connection cannot call {script}: {info.problem}"
            yield Violation(message, calls, script=script, path="parameters", got=info.signature or None)
        elif info.signature:
            yield Held(calls)


def _failed(transcript: Transcript) -> Iterator[Exchange]:
    return (exchange for exchange in transcript.judged if exchange.ending is Ending.FAILED)
