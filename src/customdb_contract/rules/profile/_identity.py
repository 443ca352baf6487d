"""The rules about identity: each user has one `user_id`, and no call returns the profile of another user."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from customdb_contract._pages import GET_USER_TEMPLATE, LOGIN_TEMPLATE
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import (
    lowered_by_ascii,
    sightings,
    sightings_by_person,
    sightings_in_outages,
    user_id_text,
)
from customdb_contract.rules._writing import judge_user_ids, moments
from customdb_contract.transcript import Exchange, Transcript, Value, json_text

_OWN: Final = frozenset({"known-user", "repeated"})


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=GET_USER_TEMPLATE)
def unstable_user_id(transcript: Transcript) -> Iterator[Comparison]:
    """A script returns more than one `user_id` for one user.

    ## Why this matters
    Auth0 keys the tenant's profile on `user_id`. A second value for the same user creates a duplicate user, or orphans
    the first one, at each log-in.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}
        get_user ada@example.com -> found {"user_id": "9f1c", "email": "ada@example.com"}   [repeated]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}   [repeated]

    ## How to fix
    Derive `user_id` from the primary key of the record; do not generate it.
    """
    for script in (Script.LOGIN, Script.GET_USER):
        for person, seen in _own_sightings(transcript, script).items():
            first, *later = seen
            for exchange in later:
                message = (
                    f"{script} returned the user_id {{expected}} for {person}, then {{got}}; always return the same one"
                )
                yield _compared(first, exchange, message)
    for first, exchange in _between_writes(transcript):
        message = f"{exchange.script} returned another user_id for a new user than before, with no write in between"
        yield _compared(first, exchange, f"{message}; always return the same one")


def _between_writes(transcript: Transcript) -> Iterator[tuple[Exchange, Exchange]]:
    """Yield the profiles of users created by the check, in pairs with the first one since the last write."""
    firsts: dict[tuple[int, int, Script], Exchange] = {}
    for moment in moments(transcript, Script.LOGIN, Script.GET_USER):
        exchange, account, written = moment.exchange, moment.account, moment.latest_write
        if account is not None and written is not None and moment.is_right and exchange.profile is not None:
            first = firsts.setdefault((account.number, written.number, exchange.script), exchange)
            if first is not exchange:
                yield first, exchange


@rule(
    group=Group.PROFILE,
    severity=Severity.ERROR,
    needs=(Need.GET_USER, Need.PASSWORD),
    yields_to=("unstable-user-id", "wrong-users-profile"),
    since="0.1.0",
    source=LOGIN_TEMPLATE,
)
def mismatched_user_id(transcript: Transcript) -> Iterator[Comparison]:
    """`login` and `get_user` return different `user_id`s for one user.

    ## Why this matters
    With import mode on, Auth0 imports the profile from either script. Two ids create two users: one at a log-in, and
    one at a password reset.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "ada", "email": "ada@example.com"}
        login ada@example.com «password of ada» -> found {"user_id": "7", "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}
        login ada@example.com «password of ada» -> found {"user_id": "7", "email": "ada@example.com"}

    ## How to fix
    Build the profile in one function that both scripts call.
    """
    found = _own_sightings(transcript, Script.GET_USER)
    for person, logins in _own_sightings(transcript, Script.LOGIN).items():
        if found.get(person):
            first, second = found[person][0], logins[0]
            message = f"login returned the user_id {{got}} for {person}, but get_user {{expected}}; return the same one"
            yield _compared(first, second, message)


@rule(
    group=Group.PROFILE,
    severity=Severity.ERROR,
    needs=(Need.GET_USER,),
    yields_to=("unstable-user-id",),
    since="0.1.0",
    source=GET_USER_TEMPLATE,
)
def user_id_depends_on_identifier(transcript: Transcript) -> Iterator[Comparison]:
    """A script returns another `user_id` for another spelling of the same user's identifier.

    ## Why this matters
    Users type their e-mail in any spelling, or type their username. If the id depends on what was typed, each spelling
    creates another user in Auth0.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "ada@example.com", "email": "ada@example.com"}
        get_user ADA@EXAMPLE.COM -> found {"user_id": "ADA@EXAMPLE.COM"}   [other-spelling: upper-case of ada]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}
        get_user ADA@EXAMPLE.COM -> found {"user_id": "7"}   [other-spelling: upper-case of ada]

    ## How to fix
    Take `user_id` from the record in the store, never from the argument.
    """
    for script in (Script.LOGIN, Script.GET_USER):
        own = _own_sightings(transcript, script)
        for exchange in sightings(transcript, script):
            if exchange.situation.family == "other-spelling" and own.get(exchange.person):
                if _may_be_anothers(transcript, exchange):
                    continue
                first = own[exchange.person][0]
                message = (
                    f"{script} returned the user_id {{got}} for another spelling of {exchange.person}'s identifier, "
                    "but {expected} for the usual one; take the user_id from the record, not from what was typed"
                )
                yield _compared(first, exchange, message)


def _may_be_anothers(transcript: Transcript, exchange: Exchange) -> bool:
    """Tell whether what was typed is also a spelling of another known user's identifier."""
    typed = lowered_by_ascii(str(exchange.identifier))
    return any(
        person.label != exchange.person and typed in map(lowered_by_ascii, person.identifiers)
        for person in transcript.people
    )


def _own_sightings(transcript: Transcript, script: Script) -> Mapping[str, Sequence[Exchange]]:
    """Return, by user, the sightings by the user's own identifier that have a user_id."""
    return {
        person: own
        for person, seen in sightings_by_person(transcript, script).items()
        if (own := [exchange for exchange in seen if exchange.situation.family in _OWN and user_id_text(exchange)])
    }


def _compared(first: Exchange, second: Exchange, message: str) -> Comparison:
    if user_id_text(second) in {"", user_id_text(first)}:
        return Held((first, second))
    compared, own = user_id_text(second), user_id_text(first)
    return Violation(message, (first, second), script=second.script, path="user_id", expected=own, got=compared)


@rule(
    group=Group.PROFILE,
    severity=Severity.ERROR,
    needs=(Need.GET_USER,),
    yields_to=("get-user-ignores-identifier",),
    since="0.1.0",
    source="good practice: a profile with another user's e-mail lets one user reset another's password",
)
def wrong_users_profile(transcript: Transcript) -> Iterator[Comparison]:
    """A script returns the profile of another user.

    ## Why this matters
    It gives one user the account of another: a user who logs in or resets a password gets the wrong account.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "8", "email": "bob@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "Ada@example.com"}

    ## How to fix
    Compare the whole identifier by equality, and return nothing if more than one record matches.
    """
    for exchange in (*sightings(transcript), *sightings_in_outages(transcript)):
        email = _email(exchange)
        expected = _emails_of(transcript, exchange)
        if not email or not expected:
            continue
        yield Held((exchange,)) if email in expected else _anothers_profile(exchange)
    known = {name.lower() for person in transcript.people for name in person.identifiers}
    for moment in moments(transcript, Script.LOGIN, Script.GET_USER):
        # A known user who was deleted and created again has a known e-mail.
        own = () if moment.account is None else moment.account.identifiers
        if moment.is_right and _email(moment.exchange) in known.difference(name.lower() for name in own):
            yield _anothers_profile(moment.exchange)


def _anothers_profile(exchange: Exchange) -> Violation:
    message = (
        f"{exchange.script} returned a profile with the e-mail {{got}} for {exchange.person}; "
        "return that user's own profile"
    )
    return Violation(message, (exchange,), path="email", got=json_text(_raw_email(exchange)))


def _email(exchange: Exchange) -> str:
    email = _raw_email(exchange)
    return email.strip().lower() if isinstance(email, str) else ""


def _raw_email(exchange: Exchange) -> Value:
    return (exchange.profile or {}).get("email")


def _emails_of(transcript: Transcript, exchange: Exchange) -> set[str]:
    """Return the e-mails that a user's profile can have: the user's own, the expected one, and aliases."""
    person = transcript.person(exchange.person)
    truth = person.profile.get("email") if person else None
    known = [person.email if person else None, truth if isinstance(truth, str) else None]
    if person and any(known):
        known += [alias for alias in person.aliases if "@" in alias]
    return {email.strip().lower() for email in known if email}


@rule(
    group=Group.PROFILE,
    severity=Severity.ERROR,
    scripts=(Script.VERIFY, Script.CHANGE_PASSWORD, Script.CHANGE_EMAIL, Script.GET_USER, Script.LOGIN),
    needs=(Need.LEGACY_MODE, Need.CREATE, Need.WRITES),
    since="0.1.0",
    source=GET_USER_TEMPLATE,
)
def user_id_changes_with_profile(transcript: Transcript) -> Iterator[Comparison]:
    """A script returns another `user_id` after the e-mail is changed or verified, or the password is changed.

    ## Why this matters
    Auth0 keys its own record on it. The next log-in creates a second user without metadata, roles or linked accounts.

    ## Violates
        person new email=new@example.com alias=moved@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        get_user new@example.com -> found {"user_id": "id-of-new@example.com"}
        get_user new@example.com -> found {"user_id": "id-of-new@example.com"}
        change_email new@example.com moved@example.com true -> done
        get_user moved@example.com -> found {"user_id": "id-of-moved@example.com"}

    ## Conforms
        person new email=new@example.com alias=moved@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        get_user new@example.com -> found {"user_id": "7"}
        get_user new@example.com -> found {"user_id": "7"}
        change_email new@example.com moved@example.com true -> done
        get_user moved@example.com -> found {"user_id": "7"}

    ## How to fix
    Derive the `user_id` from the primary key alone.
    """
    if not transcript.connection.import_mode:
        yield from judge_user_ids(transcript, (Script.VERIFY, Script.CHANGE_EMAIL), (Script.GET_USER, Script.LOGIN))
        yield from judge_user_ids(transcript, (Script.CHANGE_PASSWORD,), (Script.LOGIN,))
