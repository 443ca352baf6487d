"""How a store is retired when all users have moved."""

from collections.abc import Iterator

from customdb_contract._pages import AUTOMATIC_MIGRATION
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import is_retired
from customdb_contract.transcript import Transcript


@rule(
    group=Group.MIGRATION,
    severity=Severity.WARNING,
    needs=(Need.GET_USER, Need.LOGIN),
    since="0.1.0",
    source=AUTOMATIC_MIGRATION,
)
def retired_connection(transcript: Transcript) -> Iterator[Comparison]:
    """Both scripts return null for every user, as for a retired store, but import mode is off.

    ## Why this matters
    When all users have moved, Auth0 recommends that both scripts call `callback(null, null)` and that import mode stays
    on. With import mode off, Auth0 relies on the scripts alone, so no user can log in.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> not-found
        login ada@example.com «password of ada» -> not-found

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> not-found
        login ada@example.com «password of ada» -> not-found

    ## How to fix
    Turn "Import Users to Auth0" on again.
    """
    if not is_retired(transcript):
        return
    pair = tuple(transcript.select(script)[0] for script in (Script.GET_USER, Script.LOGIN))
    if transcript.connection.import_mode:
        yield Held(pair)
    else:
        message = (
            "both scripts return null for every user, as those of a retired store do, but import mode is off; "
            "turn it on, or no user can log in"
        )
        yield Violation(message, pair, path="import_mode", expected="on", got="off")
