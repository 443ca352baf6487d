"""How and how often a call ends, and whether a script can be called at all."""

from collections.abc import Iterator
from typing import Final

from customdb_contract._pages import CONNECTION, SCRIPTS
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._runs import SPECIFIC_TO_ACTIONS, judge_endings
from customdb_contract.rules.callback._circumstances import could_be_asked, severity_of
from customdb_contract.transcript import (
    Ending,
    Exchange,
    Noticed,
    Transcript,
    ending_of,
)

_LIMIT_SECONDS: Final = 20.0
"""After about this time Auth0 recycles the container that a script runs in."""
_LATE_SECONDS: Final = 10.0
"""From here on a script is so near the limit that it exceeds it when the store is busy."""
_IN_TIME: Final = f"less than {_LATE_SECONDS:.0f} s"


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    yields_to=("wrong-arity", "callback-inside-try"),
    since="0.1.0",
    source=SCRIPTS,
)
def callback_called_twice(transcript: Transcript) -> Iterator[Comparison]:
    """A script calls its callback more than once for one call.

    ## Why this matters
    The first call ends the script. According to Auth0, more than one leads to "unpredictable results and/or errors":
    the second result may be taken for that of another user's log-in.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}; called again -> not-found

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}

    ## How to fix
    Return right after each call of the callback, and never call it inside a `try` block whose handler calls it too: an
    exception from the first call leads to the second.

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
                "call it exactly once, at the end"
            )
            yield Violation(message, (exchange,), path="callback", expected="1", got=str(len(callbacks)))
        elif callbacks:
            yield Held((exchange,))


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    actions=True,
    yields_to=(
        "wrong-arity",
        "uncaught-async-exception",
        "slow-on-long-input",
        "action-without-timeout",
        *SPECIFIC_TO_ACTIONS,
    ),
    since="0.1.0",
    source=SCRIPTS,
)
def callback_not_called(transcript: Transcript) -> Iterator[Comparison]:
    """A script neither calls its callback nor returns a result, or an Action does not return.

    ## Why this matters
    Auth0 waits until the container's limit of about 20 seconds and then reports an error. Until then the user sees a
    blank page. It happens most often in a situation that is rarely tested: when the store doesn't respond.

    An Action that never returns, or ends its process, ends the log-in in the same way. If it ends the process, the
    log-ins of other users end too.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> timed-out; after 20.0 s   [outage: hang]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "the store did not answer"; after 5.0 s   [outage: hang]

    ## How to fix
    End every branch with a result. Set a timeout well below 10 seconds for each call to the store, and report an error
    when it is reached.

    ```python
    try:
        answer = client.get(url, timeout=5.0)
    except httpx.TransportError as error:
        return Failed(ScriptError(f"the store is unreachable: {type(error).__name__}"))
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
                f"{exchange.script} ended its process before it called its callback; "
                "end every branch with a result or with callback(error)"
            )
            yield Violation(message, (exchange,))
        elif exchange.ending is Ending.TIMED_OUT and could_be_asked(exchange):
            seconds = exchange.outcome.duration
            within = f"{seconds:.0f} s" if seconds >= 1 else "the time limit"
            yield Violation(_never_ended(exchange), (exchange,), severity_of(exchange), got=within)
    yield from judge_endings(transcript)


def _never_ended(exchange: Exchange) -> str:
    if exchange.outcome.noticed(Noticed.NOTHING_LEFT):
        return (
            f"{exchange.script} did not call its callback, and nothing was pending that could have called it; "
            "end every branch with a result or with callback(error)"
        )
    if exchange.situation.family == "outage":
        return (
            f"{exchange.script} neither called its callback nor returned a result within {{got}} while the store was "
            "unreachable; set a timeout for each call to the store, and report it with callback(error)"
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
    since="0.1.0",
    source=SCRIPTS,
)
def callback_too_late(transcript: Transcript) -> Iterator[Comparison]:
    """A script ends after Auth0's time limit, or close to it.

    ## Why this matters
    Auth0 recycles a script's container after about 20 seconds: a later result is lost, and the log-in fails. From 10
    seconds on (a warning), the next busy hour of the store is enough to exceed the limit.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}; after 23.0 s

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}; after 1.5 s

    ## How to fix
    Look up users by an indexed column, open connections once rather than per call, and set timeouts for the store that
    add up to less than 10 seconds, including retries.
    """
    for exchange in transcript.judged:
        outcome = exchange.outcome
        if not outcome.callbacks:
            continue
        ended = f"{exchange.script} called its callback or returned only after {{got}}"
        seconds = f"{outcome.duration // 1:.0f} s"
        if outcome.duration >= _LIMIT_SECONDS:
            message = f"{ended}, and Auth0 stops a script after about 20 s; set a shorter timeout for the store"
            yield Violation(message, (exchange,), path="duration", expected=_IN_TIME, got=seconds)
        elif outcome.duration >= _LATE_SECONDS:
            message = f"{ended}, and Auth0 stops a script after about 20 s; stay below 10 s"
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
    since="0.1.0",
    source=CONNECTION,
)
def wrong_arity(transcript: Transcript) -> Iterator[Comparison]:
    """A script's parameters do not match the arguments that the connection passes.

    ## Why this matters
    Auth0 passes arguments by position: the script's own, then `context` if the connection has `enable_script_context`,
    then `callback`. A script that expects another order calls the context object, or nothing, as its callback, and
    every call fails.

    ## Violates
        script login signature="(identifier, password, callback)" problem="context is expected before callback"
        connection script_context=on

    ## Conforms
        script login signature="(identifier, password, context, callback)"
        connection script_context=on

    ## How to fix
    Name the last parameter `callback`, and put `context` directly before it if the connection has it. A Python script
    without a parameter `callback` returns its result instead; there `context` comes last.

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
