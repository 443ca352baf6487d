"""Exceptions that escape a script."""

from collections.abc import Iterator

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._runs import SPECIFIC_TO_ACTIONS, judge_escapes
from customdb_contract.rules.callback._advising import advice_on_raised
from customdb_contract.rules.callback._circumstances import could_be_asked, observed_calls, severity_of
from customdb_contract.transcript import (
    Escape,
    Exchange,
    Transcript,
)


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    actions=True,
    yields_to=(
        "wrong-arity",
        "script-not-implemented",
        "context-without-organization",
        "sql-injection",
        *SPECIFIC_TO_ACTIONS,
    ),
    since="0.1.0",
    source="good practice: Auth0 documents only the callback as an ending, and shows a thrown error as an internal one",
)
def throws_synchronously(transcript: Transcript) -> Iterator[Comparison]:
    """A script lets an exception escape instead of passing an error to its callback, or an Action throws.

    ## Why this matters
    An exception is not a documented ending. Users see an internal error, the tenant log has the driver's message
    instead of yours, and during an outage of the store the failure can't be distinguished from a wrong password.

    An Action that throws ends the log-in, and later Actions don't run. Auth0 recommends that Actions never throw.

    For hostile input it is a warning, because only an attacker sees the failure.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> raised ConnectionError "connection refused"   [outage: refuse]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed ScriptError "the store is unreachable"   [outage: refuse]

    ## How to fix
    Catch the driver's exceptions, and report them as an error of the contract. If the driver raises an exception
    because there is no such user, report "not found" instead. In Python, raising a `ScriptError` or a subclass is the
    same as passing it to the callback.

    ```python
    try:
        row = self.find(identifier)
    except sqlite3.Error as error:
        raise ScriptError("the store is unreachable") from error
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
            during = " while the store was unreachable" if exchange.situation.family == "outage" else ""
            advice = advice_on_raised(transcript, exchange, outcome.raised)
            message = f"{exchange.script} raised {outcome.raised.name}{after}{during}; {advice}"
            yield Violation(message, (exchange,), severity_of(exchange))
    yield from judge_escapes(
        transcript,
        Escape.THROWN,
        "threw {name}",
        "catch it, and let the log-in continue, or deny it with api.access.deny",
    )


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    actions=True,
    yields_to=("wrong-arity", "script-not-implemented", "context-without-organization", *SPECIFIC_TO_ACTIONS),
    since="0.1.0",
    source="good practice: no one can catch this exception for the script, so its callback is never called",
)
def uncaught_async_exception(transcript: Transcript) -> Iterator[Comparison]:
    """An exception escapes in a task, a thread or an event handler that a script or an Action started.

    ## Why this matters
    The exception reaches no callback, because nothing waits for that task, and the log-in hangs until Auth0 gives up.
    In Node it ends the whole process, and the log-ins of other users with it.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> raised later KeyError "email"

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed ScriptError "the record has no email"

    ## How to fix
    Wait for what the script starts (`await task`, `future.result()`), so that you can catch its exception, or catch it
    inside and call the callback with an error.

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
                "wait for the task, and report the error with callback(error)"
            )
            yield Violation(message, (exchange,), severity_of(exchange))
    yield from judge_escapes(
        transcript,
        Escape.LATER,
        "left {name} uncaught in a task, a thread or an event handler",
        "await the task, and catch its exceptions",
    )


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    actions=True,
    needs=(Need.JAVASCRIPT,),
    yields_to=("wrong-arity", "script-not-implemented", "context-without-organization", *SPECIFIC_TO_ACTIONS),
    since="0.1.0",
    source="good practice: an unhandled rejection ends the Node process, and with it the log-ins of other users",
)
def unhandled_rejection(transcript: Transcript) -> Iterator[Comparison]:
    """A promise of a script or an Action is rejected and not handled.

    ## Why this matters
    An `async` script that throws passes nothing to its callback: Auth0 waits for the callback, not for the promise. The
    log-in hangs, or ends with an error that explains nothing.

    ## Violates
        script login observed=on
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> raised rejection TypeError "data is undefined" at "login.js:7:12"   [outage: 500]

    ## Conforms
        script login observed=on
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> failed Error "the store answered with status 500"   [outage: 500]

    ## How to fix
    Catch the errors of everything that you await, and call back once, outside the `try`.

    ```javascript
    async function login(email, password, callback) {
      let profile;
      try {
        profile = await authenticate(email, password);
      } catch (error) {
        return callback(new Error('the store is unreachable'));
      }
      return callback(null, profile);
    }
    ```
    """  # noqa: E501 - one exchange is one line
    for exchange in observed_calls(transcript):
        yield _judge_escape(
            exchange,
            Escape.REJECTION,
            "left a promise rejected with {name}",
            "catch the error, and report it with callback(error)",
        )
    if _is_observed(transcript):
        yield from judge_escapes(
            transcript,
            Escape.REJECTION,
            "left a promise rejected with {name}",
            "await every promise, and catch its errors",
        )


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    actions=True,
    needs=(Need.JAVASCRIPT,),
    yields_to=("wrong-arity", "script-not-implemented", "context-without-organization", *SPECIFIC_TO_ACTIONS),
    since="0.1.0",
    source="good practice: Node throws an error event that has no listener, and the process ends with it",
)
def unhandled_error_event(transcript: Transcript) -> Iterator[Comparison]:
    """A connection or another emitter emits an error event that has no listener.

    ## Why this matters
    Node throws such an error where nothing can catch it. The callback is never called, and everything else in the
    container ends with it. An Action's container ends in the same way, and with it the log-in.

    ## Violates
        script get_user observed=on
        person ada email=ada@example.com
        get_user ada@example.com -> raised error-event Error "ECONNREFUSED" at "get_user.js:4:3"   [outage: refuse]

    ## Conforms
        script get_user observed=on
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "the store is unreachable"   [outage: refuse]

    ## How to fix
    Add a listener: `connection.on('error', (error) => callback(new Error('the store is unreachable')))`, and make sure
    that the callback is called only once.
    """
    for exchange in observed_calls(transcript):
        yield _judge_escape(
            exchange,
            Escape.ERROR_EVENT,
            "emitted an error event with {name} that has no listener",
            "add a listener with .on('error', …), and report it with callback(error)",
        )
    if _is_observed(transcript):
        yield from judge_escapes(
            transcript,
            Escape.ERROR_EVENT,
            "emitted an error event with {name} that has no listener",
            "add a listener with .on('error', …), and let the log-in continue",
        )


def _is_observed(transcript: Transcript) -> bool:
    action = transcript.header.action
    return action is not None and action.observed


def _judge_escape(exchange: Exchange, escape: Escape, seen: str, advice: str) -> Comparison:
    outcome = exchange.outcome
    if outcome.raised is None or outcome.escape is not escape or not could_be_asked(exchange):
        return Held((exchange,))
    result = "" if outcome.callbacks else ", so its callback was never called"
    during = " while the store was unreachable" if exchange.situation.family == "outage" else ""
    message = f"{exchange.script} {seen.format(name=outcome.raised.name)}{during}{result}; {advice}"
    return Violation(message, (exchange,), severity_of(exchange))
