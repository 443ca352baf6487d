"""Writing scripts that hide an outage of the store."""

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
    """`create` reports `user_exists` while the store is unreachable.

    ## Why this matters
    A user who signs up during the outage is asked to log in to an account that doesn't exist.

    ## Violates
        create {"email": "new@example.com"} -> failed ValidationError("user_exists") "no"   [outage: 500]

    ## Conforms
        create {"email": "new@example.com"} -> failed Error "the store answered with 500"   [outage: 500]

    ## How to fix
    Report `user_exists` only for the status, or the driver error, that means it.
    """
    if transcript.connection.import_mode:
        return
    for exchange in outages(transcript, Script.CREATE):
        if is_user_exists(exchange):
            message = "create reported user_exists while the store was unreachable; report another error"
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
    """`verify` returns `true`, `false` or another result while the store is unreachable.

    ## Why this matters
    The user sees that the e-mail is verified, or can't be, although neither is known, and doesn't try again.

    ## Violates
        verify ada@example.com -> done   [outage: refuse]

    ## Conforms
        verify ada@example.com -> failed Error "connect ECONNREFUSED"   [outage: refuse]

    ## How to fix
    Pass the driver's error to the callback, or an error of your own if the response has no success status.
    """
    if not transcript.connection.import_mode:
        message = "verify reported no error while the store was unreachable; report an error"
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
    """`change_email` returns `true`, `false` or another result while the store is unreachable.

    ## Why this matters
    After `true`, Auth0 has an e-mail that the store doesn't have, and no e-mail finds the user in both. `false` means
    that the change was refused, which the script can't know during an outage.

    ## Violates
        change_email ada@example.com ada@example.org true -> done   [outage: refuse]

    ## Conforms
        change_email ada@example.com ada@example.org true -> failed Error "connect ECONNREFUSED"   [outage: refuse]

    ## How to fix
    Pass the driver's error to the callback, or an error of your own if the response has no success status.
    """
    if not transcript.connection.import_mode:
        message = "change_email reported no error while the store was unreachable; report an error"
        yield from judge_outages(transcript, Script.CHANGE_EMAIL, {Ending.DECLINED}, message)
