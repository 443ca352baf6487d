"""Reading scripts must not change the store."""

from collections.abc import Iterator

from customdb_contract._pages import AUTOMATIC_MIGRATION
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.transcript import WHOLE_RECORD, Noticed, Transcript


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    needs=(Need.INSPECT,),
    yields_to=("login-deletes-user",),
    since="0.1.0",
    source=AUTOMATIC_MIGRATION,
)
def read_script_writes(transcript: Transcript) -> Iterator[Comparison]:
    """A script that only reads changes the store.

    ## Why this matters
    Auth0 calls get_user whenever someone types an identifier: at a sign-up, a reset, a change of e-mail. A write there
    happens for anyone's request. In login, recording the last visit is fine; removing the user is not.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}; noticed inspected "a record"; noticed store-change "seen"

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}; noticed inspected "a record"

    ## How to fix
    Write only in the scripts meant for writing. Mark migrated users in a later job, or in an Action.
    """
    for exchange in transcript.judged:
        if exchange.script not in {Script.LOGIN, Script.GET_USER} or not exchange.outcome.noticed(Noticed.INSPECTED):
            continue
        changed = exchange.outcome.noticed(Noticed.STORE_CHANGE)
        if WHOLE_RECORD in changed:
            message = f"{exchange.script} removed the record of the user that it looked up; only read there"
            yield Violation(message, (exchange,), path=WHOLE_RECORD)
        elif changed and exchange.script is Script.GET_USER:
            names = ", ".join(changed)
            message = f"get_user changed {names} of the record that it looked up; only read there"
            yield Violation(message, (exchange,), Severity.WARNING, path=names)
        else:
            yield Held((exchange,))
