"""The rules of the group `callback` about the source of a script in JavaScript."""

from collections.abc import Iterator
from typing import Final

from customdb_contract._pages import NODE_18, SCRIPT_PRACTICES, SCRIPTS
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._facts import THE_ACTION, judge_action_facts, judge_facts, number_in
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.transcript import (
    ActionInfo,
    Ending,
    FactKind,
    LegacyState,
    ScriptInfo,
    Situation,
    SourceFact,
    Transcript,
    observed_runs,
)

_MOST_BYTES: Final = 100_000
_NO_ANSWER: Final = frozenset({LegacyState.SILENCE, LegacyState.STALL})


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    needs=(Need.SOURCE,),
    since="0.1.0",
    source="good practice: each of Auth0's templates is one function, and so is every script in its documentation",
)
def not_a_single_function(transcript: Transcript) -> Iterator[Comparison]:
    """A script's source is not one function.

    ## Why this matters
    Auth0 expects the text of a script to be one function. A script that does not parse, or has other statements beside
    the function, ends every call with an error. Leave out `module.exports` too, although the function in it can be
    found.

    ## Violates
        source login not-a-function "'return callback(' is not understood" at "login.js:3:5"
        scripts login

    ## Conforms
        script login source=on
        scripts login

    ## How to fix
    Keep exactly one function in the file, and move everything that it needs inside.

    ```javascript
    function login(email, password, callback) {
      function profileOf(row) { /* ... */ }
      /* ... */
    }
    ```
    """

    def message_of(script: str, fact: SourceFact) -> str:
        return f"{script} is not one function: {fact.text}; keep one function in the file, and nothing else"

    yield from judge_facts(
        transcript,
        (FactKind.NOT_A_FUNCTION, FactKind.MODULE_EXPORTS),
        message_of,
        lambda fact: Severity.WARNING if fact.kind is FactKind.MODULE_EXPORTS else None,
    )


@rule(
    group=Group.CALLBACK,
    severity=Severity.INFO,
    scripts=tuple(Script),
    needs=(Need.SOURCE,),
    since="0.1.0",
    source=SCRIPT_PRACTICES,
)
def anonymous_function(transcript: Transcript) -> Iterator[Comparison]:
    """A script is an anonymous function.

    ## Why this matters
    Auth0 recommends naming it: the name appears in every stack trace in the tenant log.

    ## Violates
        source login anonymous-function "the function has no name" at "login.js:1:1"
        scripts login

    ## Conforms
        script login source=on
        scripts login

    ## How to fix
    Name the function as Auth0's templates do: `login`, `getUser`, `create`, `verify`, `changePassword`, `changeEmail`,
    `deleteUser`.
    """

    def message_of(script: str, _: SourceFact) -> str:
        return f"{script} is an anonymous function; name it, so that stack traces show which script failed"

    yield from judge_facts(transcript, (FactKind.ANONYMOUS_FUNCTION,), message_of)


@rule(
    group=Group.CALLBACK,
    severity=Severity.WARNING,
    scripts=tuple(Script),
    actions=True,
    needs=(Need.SOURCE,),
    since="0.1.0",
    source=SCRIPTS,
)
def script_too_large(transcript: Transcript) -> Iterator[Comparison]:
    """The source of a script or an Action is larger than 100 kB.

    ## Why this matters
    Auth0 sets this limit for a script and for an Action, without modules, and each call loads the whole source.

    ## Violates
        source login bytes "100001" at "login.js:1:1"
        scripts login

    ## Conforms
        source login bytes "100000" at "login.js:1:1"
        scripts login

    ## How to fix
    Move the work into a service of your own, and call the service.
    """
    action = transcript.header.action
    subjects: list[tuple[Script | None, ScriptInfo | ActionInfo]] = list(transcript.header.scripts.items())
    subjects += [] if action is None else [(None, action)]
    for script, info in subjects:
        for fact in info.facts(FactKind.BYTES):
            size = number_in(fact.text)
            if size > _MOST_BYTES:
                message = "has {got} bytes, but at most {expected} are allowed; move work into a service"
                yield Violation(
                    f"{script or THE_ACTION} {message}",
                    (),
                    script=script,
                    location=fact.location,
                    path="bytes",
                    expected=str(_MOST_BYTES),
                    got=str(size),
                )
            else:
                yield Held(())


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    needs=(Need.SOURCE,),
    since="0.1.0",
    source=NODE_18,
)
def unavailable_module(transcript: Transcript) -> Iterator[Comparison]:
    """A script uses a module that Auth0's current runtimes do not have.

    ## Why this matters
    With the next runtime every call ends with "Cannot find module", or with "request is not defined", because the
    globals of old runtimes are gone as well.

    ## Violates
        source login unavailable-module "mongodb@3.1.4" at "login.js:2:17"
        source login implicit-global "request" at "login.js:5:3"
        scripts login

    ## Conforms
        script login source=on
        scripts login

    ## How to fix
    Require a version that Auth0 has now, and require modules that used to be globals:
    `const bcrypt = require('bcrypt')`.
    """

    def message_of(script: str, fact: SourceFact) -> str:
        if fact.kind is FactKind.IMPLICIT_GLOBAL:
            return f"{script} uses {fact.text} as a global, which only old runtimes have; require the module"
        return f"{script} requires {fact.text}, which current runtimes do not have; require a version that they have"

    yield from judge_facts(transcript, (FactKind.UNAVAILABLE_MODULE, FactKind.IMPLICIT_GLOBAL), message_of)


@rule(
    group=Group.CALLBACK,
    severity=Severity.WARNING,
    scripts=tuple(Script),
    actions=True,
    needs=(Need.SOURCE,),
    since="0.1.0",
    source=SCRIPT_PRACTICES,
)
def no_timeout_on_external_call(transcript: Transcript) -> Iterator[Comparison]:
    """A script or an Action calls another host without a timeout.

    ## Why this matters
    When that host hangs, the log-in hangs too, until Auth0 gives up after about 20 seconds. If an Action was run with a
    silent legacy system, its behaviour there counts instead: see `action-without-timeout`. A script that timed out
    because the store of a check never responded is reported too, whatever its source.

    ## Violates
        source login call-without-timeout "fetch" at "login.js:3:20"
        scripts login

    ## Conforms
        script login source=on
        scripts login

    ## How to fix
    Set a timeout: `fetch(url, { signal: AbortSignal.timeout(5000) })`, `axios.get(url, { timeout: 5000 })`.
    """

    def message_of(script: str, fact: SourceFact) -> str:
        then = "let the log-in continue" if script == THE_ACTION else "report it with callback(error)"
        return f"{script} calls {fact.text} without a timeout; set one, and {then}"

    reported = set[Script | None]()
    for comparison in judge_facts(transcript, (FactKind.CALL_WITHOUT_TIMEOUT,), message_of):
        if isinstance(comparison, Violation):
            reported.add(comparison.script)
        yield comparison
    failures = [exchange for exchange in transcript.select(None, "outage") if exchange.situation is not Situation.HANG]
    # A script that calls back in no outage at all lacks more than a timeout.
    forgetting = {exchange.script for exchange in failures if exchange.ending is Ending.TIMED_OUT}
    reporting = {exchange.script for exchange in failures if exchange.ending is Ending.FAILED} - forgetting
    for exchange in transcript.select(None, Situation.HANG):
        if exchange.ending is Ending.TIMED_OUT and exchange.script in reporting - reported:
            message = (
                f"{exchange.script} timed out while the store never responded; "
                "set a shorter timeout for the call, and report it as an error"
            )
            yield Violation(message, (exchange,), path="ending", expected=Ending.FAILED, got=exchange.ending)
        elif exchange.ending is Ending.FAILED:
            yield Held((exchange,))
    if not any(seen.asks and seen.run.legacy in _NO_ANSWER for seen in observed_runs(transcript)):
        yield from judge_action_facts(transcript, (FactKind.CALL_WITHOUT_TIMEOUT,), message_of)


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=(Script.DELETE,),
    needs=(Need.SOURCE, Need.SCRIPT_CONTEXT),
    since="0.1.0",
    source=SCRIPTS,
)
def delete_reads_empty_context(transcript: Transcript) -> Iterator[Comparison]:
    """`delete` reads fields of its context, which is always empty.

    ## Why this matters
    Auth0 passes an empty object to `delete`. `context.organization.id` throws a TypeError, and the user is not deleted.

    ## Violates
        connection script_context=on
        source delete context-field "context.organization.id" at "delete.js:2:7"
        scripts delete

    ## Conforms
        connection script_context=on
        script delete source=on
        scripts delete

    ## How to fix
    Don't use the context in `delete`, or check first: `context.organization?.id`.
    """
    if not transcript.connection.script_context:
        return

    def message_of(script: str, fact: SourceFact) -> str:
        return f"{script} reads {fact.text}, but its context is always empty; don't use it, or check that it is there"

    for comparison in judge_facts(transcript, (FactKind.CONTEXT_FIELD,), message_of):
        if Script.DELETE in transcript.header.scripts:
            yield comparison


@rule(
    group=Group.CALLBACK,
    severity=Severity.WARNING,
    scripts=tuple(Script),
    needs=(Need.JAVASCRIPT,),
    since="0.1.0",
    source="good practice: an exception of the callback is not the script's, but is reported as if it were",
)
def callback_inside_try(transcript: Transcript) -> Iterator[Comparison]:
    """The callback is called in a place from which its own failure calls it again.

    ## Why this matters
    `callback(null, profile)` inside `try`, or in a promise chain that ends with `.catch(callback)`, is called a second
    time if Auth0 fails while it processes the profile. The effect is not predictable.

    ## Violates
        script get_user observed=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        get_user ada@example.com -> found {"user_id": "7"}; called again -> failed Error "the result was refused"   [callback-throws]

    ## Conforms
        script get_user observed=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        get_user ada@example.com -> found {"user_id": "7"}   [callback-throws]

    ## How to fix
    Compute the result inside `try`, and call back afterwards.

    ```javascript
    let profile;
    try { profile = await load(email); } catch (error) { return callback(new Error('the store is unreachable')); }
    return callback(null, profile);
    ```
    """  # noqa: E501 - one exchange is one line
    proven = set[Script]()
    for exchange in transcript.select(None, Situation.CALLBACK_THROWS):
        plain = transcript.select(exchange.script, "known-user", "repeated")
        if len(exchange.outcome.callbacks) > 1 and all(len(other.outcome.callbacks) <= 1 for other in plain):
            proven.add(exchange.script)
            message = (
                f"{exchange.script} called its callback again when the callback threw; "
                "call it after the try block, and not in a promise chain that ends with catch"
            )
            yield Violation(
                message, (exchange,), path="callback", expected="1", got=str(len(exchange.outcome.callbacks))
            )
        elif exchange.outcome.callbacks:
            yield Held((exchange,))

    def message_of(script: str, fact: SourceFact) -> str:
        return f"{script} calls {fact.text}, whose handler calls it again; call it after the block"

    for comparison in judge_facts(transcript, (FactKind.CALLBACK_INSIDE_TRY,), message_of):
        if not (isinstance(comparison, Violation) and comparison.script in proven):
            yield comparison
