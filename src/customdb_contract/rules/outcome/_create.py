"""How `create` ends."""

from collections.abc import Iterator, Mapping

from customdb_contract._pages import CREATE_TEMPLATE
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._wording import kind_of
from customdb_contract.rules._writing import is_no_limit, judge_outages, legacy_moments, undocumented_result
from customdb_contract.transcript import Ending, Exchange, Moment, RecordedError, Situation, Transcript, Value, is_done


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.CREATE,),
    needs=(Need.LEGACY_MODE, Need.CREATE, Need.WRITES),
    since="0.1.0",
    source=CREATE_TEMPLATE,
)
def create_duplicate_not_user_exists(transcript: Transcript) -> Iterator[Comparison]:
    """`create` does not report `user_exists` for a user who already exists.

    ## Why this matters
    Auth0 calls get_user first, but two sign-ups can arrive at the same time, and a username is another identifier than
    the e-mail. A second row for the same user splits the account in two; any other error leaves the user without an
    explanation. An error counts only if the script works in a later call, and another code only if the very same call
    worked before. Otherwise the error may be about something else.

    ## Violates
        person new email=new@example.com new=on
        person other email=other@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        create {"email": "new@example.com", "password": "«password of new»"} -> failed Error "UNIQUE constraint failed"
        create {"email": "other@example.com", "password": "«password of other»"} -> done

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        create {"email": "new@example.com"} -> failed ValidationError("user_exists") "no"

    ## How to fix
    Let a unique index on `lower(email)`, and one on the username, decide, and report its error as
    `ValidationError('user_exists', …)`.

    ```javascript
    if (error.code === '23505') return callback(new ValidationError('user_exists', 'There is such a user already'));
    ```
    """
    found: dict[str, int] = {}
    for moment in legacy_moments(transcript, Script.GET_USER, Script.CREATE):
        exchange = moment.exchange
        if exchange.script is Script.GET_USER:
            if moment.account is not None and exchange.ending is Ending.FOUND:
                found[str(exchange.identifier)] = moment.account.number
        elif exchange.situation is not Situation.AT_ONCE and _is_duplicate(moment, found):
            if is_done(exchange):
                message = "create created a second user with an existing identifier; report user_exists"
                yield Violation(message, (exchange,), path="ending", expected=Ending.FAILED, got=exchange.ending)
            elif _code_of(exchange) == "user_exists":
                yield Held((exchange,))
            elif _is_about_the_person(transcript, moment):
                message = (
                    "create reported another error than user_exists for a user who already exists; "
                    "report ValidationError('user_exists', …)"
                )
                got = kind_of(exchange.outcome.error)
                yield Violation(message, (exchange,), path="error", expected="user_exists", got=got)


def _code_of(exchange: Exchange) -> Value:
    """Return the code of the ValidationError with which a call failed, or None."""
    error = exchange.outcome.error
    if isinstance(error, RecordedError) and error.name == "ValidationError":
        return next(iter(error.arguments), None)
    return None


def _is_about_the_person(transcript: Transcript, moment: Moment) -> bool:
    """Tell whether a create failed because the user exists; another code may be about the e-mail or the password."""
    exchange, clash = moment.exchange, moment.clash
    if clash is None or exchange.ending is not Ending.FAILED:
        return False
    is_the_same = exchange.identifier == clash.created.identifier
    return (is_the_same or _code_of(exchange) is None) and is_no_limit(transcript, exchange, clash.created)


def _is_duplicate(moment: Moment, found: Mapping[str, int]) -> bool:
    """Tell whether an account has exactly one of the identifiers, or get_user finds it by another spelling."""
    user, clash = moment.exchange.identifier, moment.clash
    if clash is None or not clash.exists or not isinstance(user, Mapping):
        return False
    given = (user.get("email"), user.get("username"))
    return (
        any(identifier in given for identifier in clash.identifiers)
        or found.get(str(user.get("email"))) == clash.number
    )


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.CREATE,),
    needs=(Need.LEGACY_MODE, Need.CREATE, Need.WRITES, Need.OUTAGE),
    since="0.1.0",
    source=CREATE_TEMPLATE,
)
def create_false_success(transcript: Transcript) -> Iterator[Comparison]:
    """`create` reports success while the store is unreachable.

    ## Why this matters
    Auth0 considers the user created and logs them in at once, which fails. The sign-up ends with an error whose cause
    is unclear.

    ## Violates
        create {"email": "new@example.com"} -> done   [outage: refuse]

    ## Conforms
        create {"email": "new@example.com"} -> failed Error "connect ECONNREFUSED"   [outage: refuse]

    ## How to fix
    Pass the driver's error to the callback, or an error of your own if the response has no success status:
    `if (!response.ok) return callback(new Error('The user could not be created'))`.
    """
    if not transcript.connection.import_mode:
        message = "create reported success while the store was unreachable; report an error"
        yield from judge_outages(transcript, Script.CREATE, {Ending.DONE}, message)


@rule(
    group=Group.OUTCOME,
    severity=Severity.WARNING,
    scripts=(Script.CREATE,),
    needs=(Need.LEGACY_MODE, Need.CREATE, Need.WRITES),
    since="0.1.0",
    source=CREATE_TEMPLATE,
)
def create_unexpected_result(transcript: Transcript) -> Iterator[Comparison]:
    """`create` returns a result, although it should return none.

    ## Why this matters
    `callback(null)` means that the user was created; what any other result means is not documented. With passkeys, a
    profile is expected instead.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com"} -> invalid called with [null, true]

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com"} -> done

    ## How to fix
    In JavaScript, end with `callback(null)`. In Python, return `Done()`, or end with `callback(None)`.
    """
    for moment in legacy_moments(transcript, Script.CREATE):
        exchange = moment.exchange
        if is_done(exchange):
            yield Held((exchange,))
        elif exchange.ending is Ending.INVALID:
            yield undocumented_result(exchange, "nothing", "callback(null), or return Done()")
