"""Writing scripts that never report success, and a `change_email` that reports failure after changing the e-mail."""

from collections.abc import Iterator
from typing import Final

from customdb_contract._pages import TEMPLATES
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._writing import contradicted, legacy_moments, moments
from customdb_contract.transcript import Ending, Exchange, Moment, RecordedError, Transcript

_NO: Final = frozenset({Ending.DECLINED, Ending.FAILED})


def _judge_refusals(
    transcript: Transcript, script: Script, found: Iterator[Moment], message: str
) -> Iterator[Comparison]:
    """Judge whether a script reports success at least once for a user who certainly exists.

    An error may be about something else, such as too many calls, unless every call ends in one.

    Args:
        transcript: The transcript.
        script: The script.
        found: Its calls that count.
        message: The message if it never does.
    """
    asked = [moment.exchange for moment in found if _must_be_done(moment)]
    calls = transcript.select(script, "writing")
    always_fails = all(call.ending is Ending.FAILED for call in calls)
    refused = [
        exchange
        for exchange in asked
        if exchange.ending is Ending.DECLINED or (always_fails and not _is_about_values(exchange))
    ]
    if asked and len(refused) == len(asked) and len(calls) > 1:
        yield Violation(message, tuple(refused), path="ending", expected=Ending.DONE, got=refused[0].ending)
    for exchange in asked:
        if exchange.ending is Ending.DONE:
            yield Held((exchange,))


def _must_be_done(moment: Moment) -> bool:
    return moment.account is not None and moment.account.exists is True and moment.clash is None and moment.is_exact


def _is_about_values(exchange: Exchange) -> bool:
    """Tell whether a store rejected a new password or e-mail by its own rules."""
    error = exchange.outcome.error
    return isinstance(error, RecordedError) and error.name == "ValidationError"


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.VERIFY,),
    needs=(Need.LEGACY_MODE, Need.VERIFY, Need.WRITES),
    yields_to=("script-not-implemented", "verify-result-type"),
    since="0.1.0",
    source=f"{TEMPLATES}/verify",
)
def verify_always_refuses(transcript: Transcript) -> Iterator[Comparison]:
    """`verify` never reports success, even for an existing user.

    ## Why this matters
    A user who clicks the link in the e-mail sees an error, and stays unverified forever.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        verify new@example.com -> declined
        verify new@example.com -> declined

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        verify new@example.com -> done

    ## How to fix
    Use the result of the update. In JavaScript, end with `callback(null, result.rowCount > 0)`. In Python, return
    `Done()` if a row was changed.
    """
    message = "verify refused the e-mail of an existing user each time; end with callback(null, true)"
    yield from _judge_refusals(transcript, Script.VERIFY, legacy_moments(transcript, Script.VERIFY), message)


@rule(
    group=Group.OUTCOME,
    severity=Severity.WARNING,
    scripts=(Script.CHANGE_PASSWORD,),
    needs=(Need.CHANGE_PASSWORD, Need.WRITES),
    yields_to=("script-not-implemented", "change-password-misreported"),
    since="0.1.0",
    source=f"{TEMPLATES}/change-password",
)
def change_password_always_refuses(transcript: Transcript) -> Iterator[Comparison]:
    """`change_password` never reports success, even for an existing user.

    ## Why this matters
    No user can reset a password. This is a warning, because a store may have a rule of its own, such as a minimum age
    for passwords. A ValidationError reports that, and is no breach.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_password nobody@example.com "«new password of new»" -> declined   [writing]
        change_password new@example.com "«new password of new»" -> declined

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_password new@example.com "«new password of new»" -> done

    ## How to fix
    Use the result of the update. In JavaScript, end with `callback(null, result.rowCount > 0)`. In Python, return
    `Done()` if a row was changed.
    """
    message = "change_password refused an existing user each time; end with callback(null, true)"
    yield from _judge_refusals(transcript, Script.CHANGE_PASSWORD, moments(transcript, Script.CHANGE_PASSWORD), message)


@rule(
    group=Group.OUTCOME,
    severity=Severity.WARNING,
    scripts=(Script.CHANGE_EMAIL,),
    needs=(Need.LEGACY_MODE, Need.CHANGE_EMAIL, Need.WRITES),
    yields_to=("script-not-implemented", "change-email-misreported"),
    since="0.1.0",
    source=f"{TEMPLATES}/change-email",
)
def change_email_always_refuses(transcript: Transcript) -> Iterator[Comparison]:
    """`change_email` never reports success, even for an existing user and an e-mail that is free.

    ## Why this matters
    An e-mail that is changed in Auth0 stays as it was, and the request ends with an error. This is a warning, because a
    store may have a rule of its own. A ValidationError reports that, and is no breach.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_email new@example.com newer@example.com true -> declined
        change_email new@example.com newest@example.com true -> declined

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_email new@example.com newer@example.com true -> done

    ## How to fix
    Use the result of the update. In JavaScript, end with `callback(null, result.rowCount > 0)`. In Python, return
    `Done()` if a row was changed.
    """
    message = "change_email refused an existing user each time; end with callback(null, true)"
    found = legacy_moments(transcript, Script.CHANGE_EMAIL)
    # Another rule judges whether the flag alone can be changed.
    to_another = (moment for moment in found if moment.exchange.identifier != moment.exchange.argument(1))
    yield from _judge_refusals(transcript, Script.CHANGE_EMAIL, to_another, message)


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.CHANGE_EMAIL, Script.GET_USER),
    needs=(Need.LEGACY_MODE, Need.CHANGE_EMAIL, Need.WRITES),
    since="0.1.0",
    source=f"{TEMPLATES}/change-email",
)
def change_email_misreported(transcript: Transcript) -> Iterator[Comparison]:
    """`change_email` changes the e-mail but reports that it did not.

    ## Why this matters
    Auth0 keeps the old e-mail while the store has the new one, so no e-mail finds the user in both.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_email new@example.com newer@example.com true -> declined
        get_user newer@example.com -> found {"user_id": "7", "email": "newer@example.com"}   [writing of new]

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_email new@example.com newer@example.com true -> declined
        get_user newer@example.com -> not-found   [writing of new]

    ## How to fix
    Check the number of changed rows: `results.affectedRows > 0` with MySQL, `result.rowCount > 0` with PostgreSQL.
    """
    for moment in legacy_moments(transcript, Script.GET_USER):
        written, exchange = moment.latest_write, moment.exchange
        if written is None or written.script is not Script.CHANGE_EMAIL or written.ending not in _NO:
            continue
        if moment.account is not None or exchange.identifier != written.argument(1):
            continue
        if exchange.ending is Ending.FOUND:
            message = (
                "change_email reported that it changed nothing, but the user is found by the new e-mail; "
                "end with callback(null, true)"
            )
            yield contradicted(message, (written, exchange), Script.CHANGE_EMAIL, Ending.NOT_FOUND)
        elif exchange.ending is Ending.NOT_FOUND:
            yield Held((written, exchange))
