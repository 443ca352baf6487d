"""What a script does beside calling back, and what it leaves behind."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from customdb_contract._pages import CONNECTION, SCRIPTS
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._facts import number_in
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules.callback._circumstances import could_be_asked, observed_calls
from customdb_contract.transcript import (
    Ending,
    Exchange,
    Exhaustion,
    Mark,
    Noticed,
    RecordedError,
    Situation,
    Transcript,
    exhaustion_of,
)

_ENDED_BEFORE_ITS_TIME: Final = frozenset({Ending.RAISED, Ending.TIMED_OUT, Ending.DIED})
_DENIAL: Final = "WrongUsernameOrPasswordError"
_BADLY_ENDED: Final = _ENDED_BEFORE_ITS_TIME | {Ending.FAILED}
_FEWEST_GROWING: Final = 8
"""Calls in a row that each leave a connection open; a pool stops growing sooner."""

_FEWEST_REFUSED: Final = 3
"""The same if the store then refused connections; a client may open a second connection to monitor the first."""


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    needs=(Need.JAVASCRIPT,),
    since="0.1.0",
    source=SCRIPTS,
)
def work_after_callback(transcript: Transcript) -> Iterator[Comparison]:
    """A script keeps working after it has called its callback.

    ## Why this matters
    The callback must come last: after it the container can be stopped, and pending work is left unfinished or never
    done. A script that ends the process itself, for example with `process.exit()`, ends the log-ins of other users too,
    and one that computes without a pause delays them. Both are errors; everything else is a warning.

    ## Violates
        script login observed=on
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}; noticed late-request "POST http://127.0.0.1:8080/audit"

    ## Conforms
        script login observed=on
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}; noticed request "POST http://127.0.0.1:8080/audit"

    ## How to fix
    Wait for all pending work, then call back, and never end the process.
    """
    observed = {exchange.number for exchange in observed_calls(transcript)}
    for exchange in transcript.judged:
        if not exchange.outcome.callbacks:
            continue
        sent = exchange.outcome.noticed(Noticed.LATE_REQUEST)
        if _ended_its_process(exchange):
            message = (
                f"{exchange.script} ended its process after it had called its callback, and with it the calls of other "
                "users; keep the process running"
            )
            yield Violation(message, (exchange,))
        elif (running := exchange.outcome.noticed(Noticed.STILL_RUNNING)) and could_be_asked(exchange):
            message = (
                f"{exchange.script} kept its process busy for {running[0]} after it had called its callback, until the "
                "check ended the process; call back last"
            )
            yield Violation(message, (exchange,))
        elif exchange.number not in observed:
            continue
        elif sent:
            message = (
                f"{exchange.script} sent {_method(sent[0])} after it had called its callback; "
                "wait for all pending work, and call back last"
            )
            yield Violation(message, (exchange,), Severity.WARNING)
        else:
            yield Held((exchange,))


def _ended_its_process(exchange: Exchange) -> bool:
    """Tell whether the process ended after the callback had been called, and not because of the check itself."""
    ended = exchange.ending is Ending.DIED or bool(exchange.outcome.noticed(Noticed.PROCESS_ENDED))
    return ended and could_be_asked(exchange)


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    needs=(Need.JAVASCRIPT,),
    since="0.1.0",
    source=SCRIPTS,
)
def user_data_in_global(transcript: Transcript) -> Iterator[Comparison]:
    """A script keeps one user's data where the next user's call can read it.

    ## Why this matters
    Auth0 runs the log-ins of many users in one container. They all share `global`, and every variable that is assigned
    without `let` or `const`. One user gets the data of another.

    ## Violates
        script login observed=on
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}; noticed kept-in-global "global.user.email"

    ## Conforms
        script login observed=on
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}

    ## How to fix
    Declare every variable inside the function. Keep in `global` only values that are the same for all users: a
    connection pool, a token of the service.
    """
    for exchange in observed_calls(transcript):
        kept = exchange.outcome.noticed(Noticed.KEPT_IN_GLOBAL)
        if kept:
            # Keys may be identifiers, so the place is named without them, to be the same for every call.
            place = ".".join(kept[0].removesuffix(" (as a key)").split(".")[:2])
            message = (
                f"{exchange.script} kept its arguments in {place}, where the next call can read them; "
                "declare the variable inside the function"
            )
            yield Violation(message, (exchange,), path=place)
        else:
            yield Held((exchange,))


@rule(
    group=Group.CALLBACK,
    severity=Severity.WARNING,
    scripts=tuple(Script),
    needs=(Need.JAVASCRIPT,),
    since="0.1.0",
    source=SCRIPTS,
)
def configuration_written(transcript: Transcript) -> Iterator[Comparison]:
    """A script writes to the object `configuration`.

    ## Why this matters
    The object is read-only: a write is lost, or throws an error in strict mode.

    ## Violates
        script login observed=on
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}; noticed configuration-write "TOKEN"

    ## Conforms
        script login observed=on
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}

    ## How to fix
    Copy the object and change the copy: `const settings = { ...configuration, retries: 2 }`.
    """
    for exchange in observed_calls(transcript):
        written = exchange.outcome.noticed(Noticed.CONFIGURATION_WRITE)
        if written:
            message = f"{exchange.script} wrote to configuration.{written[0]}, which is read-only; copy it instead"
            yield Violation(message, (exchange,), path=f"configuration.{written[0]}")
        else:
            yield Held((exchange,))


@rule(
    group=Group.CALLBACK,
    severity=Severity.WARNING,
    scripts=tuple(Script),
    needs=(Need.CONNECTIONS,),
    since="0.1.0",
    source="good practice: a store accepts a limited number of connections, and log-ins fail when they are used up",
)
def connection_leak(transcript: Transcript) -> Iterator[Comparison]:
    """Each call of a script leaves one more connection open.

    ## Why this matters
    They stay open until the container ends. A busy hour uses up the connections that the store accepts, and then no
    user can log in. The check itself may use them up: it then ends early, and the refused calls are the evidence.

    ## Violates
        get_user a1@example.com -> not-found; noticed open-sockets "1"   [unknown-user]
        get_user a2@example.com -> not-found; noticed open-sockets "2"   [unknown-user]
        get_user a3@example.com -> not-found; noticed open-sockets "3"   [unknown-user]
        get_user a4@example.com -> not-found; noticed open-sockets "4"   [unknown-user]
        get_user a5@example.com -> not-found; noticed open-sockets "5"   [unknown-user]
        get_user a6@example.com -> not-found; noticed open-sockets "6"   [unknown-user]
        get_user a7@example.com -> not-found; noticed open-sockets "7"   [unknown-user]
        get_user a8@example.com -> not-found; noticed open-sockets "8"   [unknown-user]

    ## Conforms
        get_user a1@example.com -> not-found; noticed open-sockets "1"   [unknown-user]
        get_user a2@example.com -> not-found; noticed open-sockets "1"   [unknown-user]
        get_user a3@example.com -> not-found; noticed open-sockets "1"   [unknown-user]
        get_user a4@example.com -> not-found; noticed open-sockets "1"   [unknown-user]
        get_user a5@example.com -> not-found; noticed open-sockets "1"   [unknown-user]
        get_user a6@example.com -> not-found; noticed open-sockets "1"   [unknown-user]
        get_user a7@example.com -> not-found; noticed open-sockets "1"   [unknown-user]
        get_user a8@example.com -> not-found; noticed open-sockets "1"   [unknown-user]

    ## How to fix
    Close the connection on every path, including errors, or keep one pool for all calls. In JavaScript, keep it in
    `global`, and read or cancel the body of every `fetch` response. In Python, keep it in the database object.
    """
    growing: defaultdict[Script, list[Exchange]] = defaultdict(list)
    longest: defaultdict[Script, Sequence[Exchange]] = defaultdict(list)
    seen: defaultdict[Script, list[Exchange]] = defaultdict(list)
    level = 0
    for exchange in transcript.judged:
        # A call that ended early had no chance to close anything.
        if exchange.situation.family == "outage" or exchange.ending in _ENDED_BEFORE_ITS_TIME:
            continue
        before, level = level, _open_sockets(exchange)
        if level:
            seen[exchange.script].append(exchange)
        growing[exchange.script] = [*growing[exchange.script], exchange] if level > before else []
        longest[exchange.script] = max(longest[exchange.script], growing[exchange.script], key=len)
    refused = _refused_connections(transcript)
    for script, exchanges in seen.items():
        leaking = longest[script]
        if len(leaking) >= (_FEWEST_REFUSED if refused else _FEWEST_GROWING):
            until = ", until the store refused another" if refused else ""
            message = (
                f"{script} left one more connection open with each of {{got}} calls in a row{until}; "
                "close it on every path, or keep one pool for all calls"
            )
            own = [exchange for exchange in refused if exchange.script is script]
            evidence = (*own[:1], *leaking)
            yield Violation(message, evidence, path="open connections", expected="0", got=str(len(leaking)))
        elif len(exchanges) >= _FEWEST_GROWING:
            yield Held(tuple(exchanges))


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    needs=(Need.SCRIPT_CONTEXT,),
    since="0.1.0",
    source=CONNECTION,
)
def context_without_organization(transcript: Transcript) -> Iterator[Comparison]:
    """A script fails when the event has no organization.

    ## Why this matters
    `context.organization` exists only if the user logs in to an organization. For every other user the script fails
    with a TypeError.

    ## Violates
        connection script_context=on
        person ada email=ada@example.com
        get_user ada@example.com -> raised TypeError "Cannot read properties of undefined (reading 'id')"
        get_user ada@example.com -> found {"user_id": "7"}   [organization]

    ## Conforms
        connection script_context=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        get_user ada@example.com -> found {"user_id": "7"}   [organization]

    ## How to fix
    Check before you read it. In JavaScript: `context.organization?.id`. In Python: `context.get("organization")`.
    """
    for exchange in transcript.select(None, Situation.ORGANIZATION):
        is_found = exchange.ending is Ending.FOUND
        # The organization of the check is not the user's, so "no such user" is a valid result too.
        if not is_found and exchange.ending is not Ending.NOT_FOUND and _error_name(exchange) != _DENIAL:
            continue
        for plain in transcript.select(exchange.script, "known-user", "repeated"):
            if plain.person != exchange.person or plain.arguments != exchange.arguments:
                continue
            if plain.ending in _BADLY_ENDED and (is_found or _error_name(plain) != _DENIAL):
                message = (
                    f"{exchange.script} works with an organization in the context, but fails without one; "
                    "read context.organization only if it is there"
                )
                evidence = (*_failing_like(plain, transcript), exchange)
                yield Violation(
                    message, evidence, path="context.organization", expected=exchange.ending, got=plain.ending
                )
                break
            if is_found:
                yield Held((plain, exchange))


def _failing_like(exchange: Exchange, transcript: Transcript) -> Iterator[Exchange]:
    """Return the calls that fail in the same way: they are the same breach, which no other rule needs to report."""
    error = _error_name(exchange)
    return (
        other
        for other in transcript.select(exchange.script)
        if other.ending is exchange.ending and _error_name(other) == error
    )


def _error_name(exchange: Exchange) -> str | None:
    error = exchange.outcome.error or exchange.outcome.raised
    return error.name if isinstance(error, RecordedError) else None


def _refused_connections(transcript: Transcript) -> Sequence[Exchange]:
    exhausted = (exchange for exchange in transcript.exchanges if Mark.EXHAUSTED_STORE in exchange.marks)
    return [exchange for exchange in exhausted if exhaustion_of(exchange) is Exhaustion.CONNECTIONS]


def _method(request: str) -> str:
    return f"a {request.partition(' ')[0]} request"


def _open_sockets(exchange: Exchange) -> int:
    return number_in(next(reversed(exchange.outcome.noticed(Noticed.OPEN_SOCKETS)), ""))
