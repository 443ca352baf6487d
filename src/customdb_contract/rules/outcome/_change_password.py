"""How `change_password` ends."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from customdb_contract._pages import CHANGE_PASSWORD_TEMPLATE, ERROR_HANDLING
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._wording import kind_of
from customdb_contract.rules._writing import is_no_limit, judge_outages, moments, undocumented_result
from customdb_contract.transcript import Ending, Exchange, RecordedError, Special, Transcript, Value


@rule(
    group=Group.OUTCOME,
    severity=Severity.WARNING,
    scripts=(Script.CHANGE_PASSWORD,),
    needs=(Need.CHANGE_PASSWORD, Need.WRITES),
    since="0.1.0",
    source=ERROR_HANDLING,
)
def change_password_unknown_user(transcript: Transcript) -> Iterator[Comparison]:
    """`change_password` does not end with `false` for an unknown user.

    ## Why this matters
    `callback(null, false)` tells Auth0 that no password was changed. An error is shown to whoever opened the link, and
    success makes Auth0 confirm a new password for an account that doesn't exist. An error counts only if the script
    works in a later call. A ValidationError doesn't count, because it is about the password.

    ## Violates
        change_password nobody@example.com «new password» -> done   [writing]

    ## Conforms
        change_password nobody@example.com «new password» -> declined   [writing]

    ## How to fix
    Check how many rows were changed. In JavaScript: `callback(null, result.rowCount > 0)`. In Python, return
    `Declined()` if there were none.
    """
    for moment in moments(transcript, Script.CHANGE_PASSWORD):
        exchange = moment.exchange
        is_error = exchange.ending is Ending.FAILED and _is_about_the_person(transcript, exchange)
        if moment.is_nobodys and (is_error or exchange.ending is Ending.DONE):
            said = "an error" if is_error else "success"
            message = f"change_password reported {said} for an unknown user; end with callback(null, false)"
            yield Violation(message, (exchange,), path="ending", expected=Ending.DECLINED, got=exchange.ending)
        elif moment.is_nobodys and exchange.ending is Ending.DECLINED:
            yield Held((exchange,))


def _is_about_the_person(transcript: Transcript, exchange: Exchange) -> bool:
    """Tell whether a call failed for lack of a user; a password can be rejected before the user is looked up."""
    error = exchange.outcome.error
    is_validation = isinstance(error, RecordedError) and error.name == "ValidationError"
    return not is_validation and is_no_limit(transcript, exchange)


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.CHANGE_PASSWORD, Script.LOGIN),
    needs=(Need.CHANGE_PASSWORD, Need.WRITES),
    since="0.1.0",
    source=CHANGE_PASSWORD_TEMPLATE,
)
def change_password_misreported(transcript: Transcript) -> Iterator[Comparison]:
    """`change_password` changes the password but reports that it did not.

    ## Why this matters
    The user sees that the reset failed, tries the old password, and is locked out. Auth0's own templates for MySQL
    check `results.length`, which the driver sets for queries but not for updates.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_password new@example.com "«new password of new»" -> declined
        login new@example.com "«new password of new»" -> found {"user_id": "7"}

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_password new@example.com "«new password of new»" -> done
        login new@example.com "«new password of new»" -> found {"user_id": "7"}

    ## How to fix
    Check the number of changed rows: `results.affectedRows > 0` with MySQL, `result.rowCount > 0` with PostgreSQL.
    """
    tried: dict[int, tuple[Exchange, Exchange]] = {}
    for moment in moments(transcript, Script.CHANGE_PASSWORD, Script.LOGIN):
        exchange, account = moment.exchange, moment.account
        if account is None:
            continue
        if exchange.script is Script.CHANGE_PASSWORD:
            tried.pop(account.number, None)
            if account.exists and account.password not in (None, exchange.argument(1)):
                tried[account.number] = exchange, account.last_write
            continue
        change, before = tried.get(account.number, (exchange, exchange))
        is_latest = account.last_write.number in {change.number, before.number}
        if not is_latest or not moment.is_exact or exchange.argument(1) != change.argument(1):
            continue
        if exchange.ending is not Ending.FOUND or change.ending is Ending.DONE:
            yield Held((change, exchange))
        elif change.ending in {Ending.DECLINED, Ending.FAILED}:
            message = (
                "change_password reported that it changed nothing, but the new password works; "
                "end with callback(null, true)"
            )
            yield Violation(
                message,
                (change, exchange),
                script=change.script,
                path="ending",
                expected=Ending.DONE,
                got=change.ending,
            )


@rule(
    group=Group.OUTCOME,
    severity=Severity.WARNING,
    scripts=(Script.CHANGE_PASSWORD,),
    needs=(Need.CHANGE_PASSWORD, Need.WRITES),
    since="0.1.0",
    source=CHANGE_PASSWORD_TEMPLATE,
)
def change_password_result_type(transcript: Transcript) -> Iterator[Comparison]:
    """`change_password` ends with something other than `true`, `false` or an object of updates.

    ## Why this matters
    Auth0 accepts a boolean, or an object with `last_password_reset` or `email_verified`. How it treats an empty result,
    or the response of an HTTP API, is not documented.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_password new@example.com "«new password of new»" -> invalid called with [null]

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_password new@example.com "«new password of new»" -> done

    ## How to fix
    In JavaScript, end with `callback(null, true)`. In Python, return `Done()` or `Declined()`, or end with
    `callback(None, True)`.
    """
    for moment in moments(transcript, Script.CHANGE_PASSWORD):
        exchange = moment.exchange
        result = exchange.outcome.result
        if exchange.ending is Ending.INVALID and not _is_dated(result):
            yield undocumented_result(exchange, "true or false", "callback(null, true) or callback(null, false)")
        elif isinstance(result, Mapping) and not _is_date(result.get("last_password_reset")):
            message = "change_password returned a last_password_reset that is not a date; return an ISO 8601 date"
            got = kind_of(result.get("last_password_reset"))
            yield Violation(message, (exchange,), path="last_password_reset", expected="a date", got=got)
        elif exchange.ending in {Ending.DONE, Ending.DECLINED, Ending.INVALID}:
            yield Held((exchange,))


def _is_dated(result: Value) -> bool:
    """Tell whether this is an object of updates whose date has a form that Auth0's samples use."""
    return (
        isinstance(result, Mapping)
        and bool(result)
        and set(result) <= {"last_password_reset", "email_verified"}
        and isinstance(result.get("email_verified", False), bool)
        and not isinstance(result.get("last_password_reset"), bool)
    )


def _is_date(value: Value) -> bool:
    if isinstance(value, str):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return False
        return True
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool)) or _is_special_date(value)


def _is_special_date(value: Value) -> bool:
    return isinstance(value, Special) and value.kind in {"Date", "datetime"}


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.CHANGE_PASSWORD,),
    needs=(Need.CHANGE_PASSWORD, Need.WRITES, Need.OUTAGE),
    since="0.1.0",
    source=CHANGE_PASSWORD_TEMPLATE,
)
def change_password_outage_hidden(transcript: Transcript) -> Iterator[Comparison]:
    """`change_password` ends with `true` or `false` while the store is unreachable.

    ## Why this matters
    `false` means that there is no such user, and `true` that the password was changed. During an outage the script
    knows neither, and the user isn't asked to try again.

    ## Violates
        change_password ada@example.com «new password» -> declined   [outage: refuse]

    ## Conforms
        change_password ada@example.com «new password» -> failed Error "connect ECONNREFUSED"   [outage: refuse]

    ## How to fix
    Pass the driver's error to the callback. Its message is shown in the browser, so keep details of the store out of
    it.
    """
    message = "change_password reported no error while the store was unreachable; report an error"
    yield from judge_outages(transcript, Script.CHANGE_PASSWORD, {Ending.DONE, Ending.DECLINED}, message)
