"""The rules of the group `migration`: what must hold so that people move to Auth0 whole."""

from collections.abc import Iterator, Sequence
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import is_retired, metadata_by_person
from customdb_contract.transcript import WHOLE_RECORD, Ending, Exchange, Noticed, RecordedError, Transcript

_MIGRATION: Final = (
    "https://auth0.com/docs/manage-users/user-migration/configure-automatic-migration-from-your-database"
)

_BOTH: Final = {Script.LOGIN, Script.GET_USER}
_FEWEST_DENIALS: Final = 3


@rule(
    group=Group.MIGRATION,
    severity=Severity.ERROR,
    needs=(Need.IMPORT_MODE, Need.GET_USER, Need.PASSWORD),
    source=_MIGRATION,
)
def metadata_in_one_script_only(transcript: Transcript) -> Iterator[Comparison]:
    """With import mode on, one script returns metadata and the other one doesn't.

    ## Why this matters
    Who logs in is migrated with the profile of login; who resets the password first, with that of get_user. Metadata
    that one of them leaves out is lost for these people, and no script ever runs for them again.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        login ada@example.com «password of ada» -> found {"user_id": "7", "app_metadata": {"plan": "full"}}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"plan": "full"}}
        login ada@example.com «password of ada» -> found {"user_id": "7", "app_metadata": {"plan": "full"}}

    ## How to fix
    Build the profile in one function that both scripts call.
    """
    if not transcript.connection.import_mode:
        return
    for kind, telling, pair in metadata_by_person(transcript):
        if len(telling) > 1:
            yield Held(pair)
        elif telling:
            script = Script.LOGIN if Script.GET_USER in telling else Script.GET_USER
            message = f"{script} leaves out {kind}, which the other script returns; return it from both"
            yield Violation(message, pair, script=script, path=kind, expected="an object", got="nothing")


@rule(group=Group.MIGRATION, severity=Severity.WARNING, needs=(Need.GET_USER, Need.LOGIN), source=_MIGRATION)
def retired_connection(transcript: Transcript) -> Iterator[Comparison]:
    """Both scripts answer null for everybody, which closes a store, but import mode is off.

    ## Why this matters
    When everybody has moved, Auth0 wants both scripts to call `callback(null, null)` and import mode to stay on. With
    import mode off, nobody can log in any more, for only the scripts are asked.

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
            "both scripts answer null for everybody, as those of a retired store do, but import mode is off; "
            "turn it on, or nobody can log in"
        )
        yield Violation(message, pair, path="import_mode", expected="on", got="off")


@rule(
    group=Group.MIGRATION,
    severity=Severity.ERROR,
    scripts=(Script.LOGIN, Script.GET_USER),
    needs=(Need.GET_USER, Need.PASSWORD),
    source=_MIGRATION,
)
def login_deletes_user(transcript: Transcript) -> Iterator[Comparison]:
    """`login` removes the person from the legacy store, or hides them from both scripts.

    ## Why this matters
    Auth0 stores the person after the script has ended. When that is interrupted, the person is in neither store, and
    nothing can bring them back. With import mode off the person can never log in again.

    The check then logs nobody else in.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        login ada@example.com «password of ada» -> found {"user_id": "7"}
        get_user ada@example.com -> not-found   [repeated]
        login ada@example.com «password of ada» -> failed WrongUsernameOrPasswordError(null) "no"   [repeated]
        get_user ada@example.com -> not-found   [repeated]

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        login ada@example.com «password of ada» -> found {"user_id": "7"}
        get_user ada@example.com -> found {"user_id": "7"}   [repeated]

    ## How to fix
    Keep the row, and remove it weeks later, when the person is known to be in Auth0. A mark that says who has moved
    must not make either script deny that person.
    """
    for exchange in transcript.select(Script.LOGIN):
        if WHOLE_RECORD in exchange.outcome.noticed(Noticed.STORE_CHANGE):
            message = "login removed the user from the legacy store; keep the row for now"
            yield Violation(message, (exchange,), path=WHOLE_RECORD)
        elif exchange.outcome.noticed(Noticed.INSPECTED):
            yield Held((exchange,))
    for person in transcript.people:
        yield from _judge_staying(
            [
                exchange
                for exchange in transcript.select(None, "known-user", "repeated")
                if exchange.person == person.label and exchange.script in {Script.LOGIN, Script.GET_USER}
            ]
        )


def _judge_staying(asked: Sequence[Exchange]) -> Iterator[Comparison]:
    """Judge whether a person whom both scripts found is still known after the last log-in.

    One denial may be a store that answers in two ways; those of both scripts, and again, are its state.
    """
    logins = [exchange for exchange in asked if exchange.script is Script.LOGIN and exchange.profile is not None]
    looks = [exchange for exchange in asked if exchange.script is Script.GET_USER and exchange.profile is not None]
    if not logins or not looks or looks[0].number > logins[-1].number:
        return
    login = logins[-1]
    later = [exchange for exchange in asked if exchange.number > login.number]
    denials = [exchange for exchange in later if _is_denial(exchange)]
    if looks[-1].number > login.number:
        yield Held((login, looks[-1]))
    elif len(denials) == len(later) >= _FEWEST_DENIALS and {exchange.script for exchange in denials} == _BOTH:
        message = (
            "since the user logged in, neither script knows them any more; keep the row, and hide nobody "
            "who has logged in"
        )
        evidence = (looks[0], login, *denials)
        last = denials[-1].ending
        yield Violation(message, evidence, script=Script.LOGIN, path="ending", expected=Ending.FOUND, got=last)


def _is_denial(exchange: Exchange) -> bool:
    error = exchange.outcome.error
    is_wrong = isinstance(error, RecordedError) and error.name == "WrongUsernameOrPasswordError"
    return exchange.ending is Ending.NOT_FOUND or (
        exchange.script is Script.LOGIN and exchange.ending is Ending.FAILED and is_wrong
    )
