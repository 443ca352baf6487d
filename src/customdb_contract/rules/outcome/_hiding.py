"""Writing scripts that say something else than that the store is out of reach."""

from collections.abc import Iterator

from customdb_contract._pages import TEMPLATES
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import outages
from customdb_contract.rules._writing import is_user_exists, judge_outages
from customdb_contract.transcript import Ending, Transcript


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.CREATE,),
    needs=(Need.LEGACY_MODE, Need.CREATE, Need.WRITES, Need.OUTAGE),
    since="0.1.0",
    source=f"{TEMPLATES}/create",
)
def create_outage_as_user_exists(transcript: Transcript) -> Iterator[Comparison]:
    """`create` reports `user_exists` while the store is out of reach.

    ## Why this matters
    Whoever signs up during the outage is told to log in with an account that is not there, and can't.

    ## Violates
        create {"email": "new@example.com"} -> failed ValidationError("user_exists") "no"   [outage: 500]

    ## Conforms
        create {"email": "new@example.com"} -> failed Error "the store answered with 500"   [outage: 500]

    ## How to fix
    Report `user_exists` only for the one status, or the one error of the driver, that means it.
    """
    if transcript.connection.import_mode:
        return
    for exchange in outages(transcript, Script.CREATE):
        if is_user_exists(exchange):
            message = "create reported user_exists while the store was out of reach; report an error of its own"
            yield Violation(message, (exchange,), path="error", expected="another error", got="user_exists")
        elif exchange.ending is Ending.FAILED:
            yield Held((exchange,))


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.VERIFY,),
    needs=(Need.LEGACY_MODE, Need.VERIFY, Need.WRITES, Need.OUTAGE),
    since="0.1.0",
    source=f"{TEMPLATES}/verify",
)
def verify_outage_hidden(transcript: Transcript) -> Iterator[Comparison]:
    """`verify` says `true` or `false`, or hands over something else, while the store is out of reach.

    ## Why this matters
    The person is told that the e-mail is verified, or that it can't be, and neither is known. Nobody tries again.

    ## Violates
        verify ada@example.com -> done   [outage: refuse]

    ## Conforms
        verify ada@example.com -> failed Error "connect ECONNREFUSED"   [outage: refuse]

    ## How to fix
    Call the callback with the error of the driver, or with one of your own when the status of the answer is none of
    success.
    """
    if not transcript.connection.import_mode:
        message = "verify hid that the store was out of reach; report an error"
        yield from judge_outages(transcript, Script.VERIFY, {Ending.DECLINED}, message)


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.CHANGE_EMAIL,),
    needs=(Need.LEGACY_MODE, Need.CHANGE_EMAIL, Need.WRITES, Need.OUTAGE),
    since="0.1.0",
    source=f"{TEMPLATES}/change-email",
)
def change_email_outage_hidden(transcript: Transcript) -> Iterator[Comparison]:
    """`change_email` says `true` or `false`, or hands over something else, while the store is out of reach.

    ## Why this matters
    After `true` Auth0 has an e-mail that the store doesn't have, and the user is found under neither. `false` says that
    the change was refused, which nobody knows.

    ## Violates
        change_email ada@example.com ada@example.org true -> done   [outage: refuse]

    ## Conforms
        change_email ada@example.com ada@example.org true -> failed Error "connect ECONNREFUSED"   [outage: refuse]

    ## How to fix
    Call the callback with the error of the driver, or with one of your own when the status of the answer is none of
    success.
    """
    if not transcript.connection.import_mode:
        message = "change_email hid that the store was out of reach; report an error"
        yield from judge_outages(transcript, Script.CHANGE_EMAIL, {Ending.DECLINED}, message)
