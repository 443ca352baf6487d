"""Profiles must let Auth0 migrate users who log in, and users who reset the password first."""

from collections.abc import Iterator

from customdb_contract._pages import AUTOMATIC_MIGRATION
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import lowered_by_ascii, metadata_by_person, own_sightings
from customdb_contract.transcript import Exchange, Transcript


@rule(
    group=Group.MIGRATION,
    severity=Severity.ERROR,
    needs=(Need.IMPORT_MODE, Need.GET_USER, Need.PASSWORD),
    since="0.1.0",
    source=AUTOMATIC_MIGRATION,
)
def metadata_in_one_script_only(transcript: Transcript) -> Iterator[Comparison]:
    """With import mode on, one script returns metadata but the other one doesn't.

    ## Why this matters
    A user who logs in is migrated with the profile of login; a user who resets the password first, with that of
    get_user. Metadata that one of them leaves out is lost for these users, because no script ever runs for them again.

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
            message = f"{script} does not return {kind}, which the other script returns; return it from both"
            yield Violation(message, pair, script=script, path=kind, expected="an object", got="nothing")


@rule(
    group=Group.MIGRATION,
    severity=Severity.WARNING,
    needs=(Need.IMPORT_MODE, Need.GET_USER, Need.SECOND_USER),
    since="0.1.0",
    source="good practice: Auth0 stores e-mails in lower case, but does not document by which rules",
)
def unicode_email_collision(transcript: Transcript) -> Iterator[Comparison]:
    """With import mode on, the e-mails of two users are the same in lower case, but only by the rules of Unicode.

    ## Why this matters
    A store that lower-cases only ASCII letters keeps both e-mails apart. Auth0 stores both in lower case, and rejects
    the second user: "The user already exists".

    The rule `shared-email` covers e-mails that differ only in the case of ASCII letters.

    ## Violates
        connection import_mode=on
        person ada email=ada.\u00e9@example.com
        person old email=ada.\u00c9@example.com
        get_user ada.\u00e9@example.com -> found {"user_id": "7", "email": "ada.\u00e9@example.com"}
        get_user ada.\u00c9@example.com -> found {"user_id": "8", "email": "ada.\u00c9@example.com"}

    ## Conforms
        connection import_mode=on
        person ada email=ada.\u00e9@example.com
        person old email=ada.\u00e8@example.com
        get_user ada.\u00e9@example.com -> found {"user_id": "7", "email": "ada.\u00e9@example.com"}
        get_user ada.\u00e8@example.com -> found {"user_id": "8", "email": "ada.\u00e8@example.com"}

    ## How to fix
    Find such pairs before the migration, and give one of the two users another e-mail. In Python, compare
    `email.lower()`. In JavaScript, compare `email.toLowerCase()`.
    """
    if not transcript.connection.import_mode or len(transcript.people) < _PAIR:
        return
    holders: dict[str, dict[str, Exchange]] = {}
    for exchange in own_sightings(transcript):
        email = (exchange.profile or {}).get("email")
        if isinstance(email, str):
            spellings = holders.setdefault(email.strip().lower(), {})
            spellings.setdefault(lowered_by_ascii(email), exchange)
    for spellings in holders.values():
        first, *others = spellings.values()
        clashing = [other for other in others if other.person != first.person]
        for other in clashing:
            message = "two users have the same e-mail in lower case by the rules of Unicode; change one of them"
            yield Violation(message, (first, other), path="email", got=str((other.profile or {}).get("email")))
        if not clashing and not all(spelling.isascii() for spelling in spellings):
            yield Held((first,))


_PAIR = 2
