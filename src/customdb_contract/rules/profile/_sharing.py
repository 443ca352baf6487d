"""The rules about what two people must not have in common: each is one user of Auth0."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from customdb_contract._pages import CONNECTION, IDENTIFIED_USERS, PROFILE_STRUCTURE
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import lowered_by_ascii, own_sightings, user_id_text
from customdb_contract.rules.profile._judging import strict_severity
from customdb_contract.transcript import ElsewhereUser, Exchange, Situation, Transcript, json_text


@rule(
    group=Group.PROFILE,
    severity=Severity.ERROR,
    needs=(Need.GET_USER, Need.SECOND_USER),
    yields_to=("wrong-users-profile", "invalid-user-id"),
    since="0.1.0",
    source=CONNECTION,
)
def shared_user_id(transcript: Transcript) -> Iterator[Comparison]:
    """Two people have the same `user_id`.

    ## Why this matters
    Auth0 takes them for one user: each gets the other's profile, metadata and permissions. Ids must be unique over all
    custom databases of a tenant, so `check --tenant` compares those of all connections of an export. Where two of them
    know one person by the same e-mail and the same id, that is a warning.

    ## Violates
        person ada email=ada@example.com
        person bob email=bob@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}
        get_user bob@example.com -> found {"user_id": "7", "email": "bob@example.com"}

    ## Conforms
        person ada email=ada@example.com
        person bob email=bob@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}
        get_user bob@example.com -> found {"user_id": "8", "email": "bob@example.com"}

    ## How to fix
    Use the primary key, with a prefix that names the store when the tenant has several: `shop-7`.
    """
    yield from _shared(transcript, user_id_text, "user_id", Severity.ERROR)
    yield from _shared_by_new_users(transcript)
    yield from _shared_with_elsewhere(transcript)


@rule(
    group=Group.PROFILE,
    severity=Severity.ERROR,
    needs=(Need.GET_USER, Need.SECOND_USER),
    yields_to=("shared-user-id", "wrong-users-profile"),
    since="0.1.0",
    source=IDENTIFIED_USERS,
)
def shared_email(transcript: Transcript) -> Iterator[Comparison]:
    """Two people have the same e-mail, up to upper and lower case.

    ## Why this matters
    With import mode on, Auth0 stores e-mails in lower case and refuses the second one, so the second person cannot log
    in. With import mode off it makes two users with one e-mail. Letters beyond ASCII are another matter: see
    `unicode-email-collision`.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        person old email=Ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}
        get_user Ada@example.com -> found {"user_id": "8", "email": "Ada@example.com"}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        person old email=ada.old@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}
        get_user ada.old@example.com -> found {"user_id": "8", "email": "ada.old@example.com"}

    ## How to fix
    Merge the records, or give one of them another e-mail, before the migration.
    """
    yield from _shared(transcript, _email_by_ascii, "email", strict_severity(transcript))


@rule(
    group=Group.PROFILE,
    severity=Severity.ERROR,
    needs=(Need.GET_USER, Need.SECOND_USER),
    yields_to=("shared-user-id", "wrong-users-profile", "shared-email", "invalid-username"),
    since="0.1.0",
    source=PROFILE_STRUCTURE,
)
def shared_username(transcript: Transcript) -> Iterator[Comparison]:
    """Two people have the same username, up to upper and lower case.

    ## Why this matters
    A username is unique in a connection. With import mode on, Auth0 stores it in lower case and refuses the second one,
    so the second person cannot log in. It often happens when the script makes a username out of the e-mail.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        person eve email=ada@example.org
        get_user ada@example.com -> found {"user_id": "7", "username": "ada"}
        get_user ada@example.org -> found {"user_id": "8", "username": "Ada"}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        person eve email=ada@example.org
        get_user ada@example.com -> found {"user_id": "7", "username": "ada"}
        get_user ada@example.org -> found {"user_id": "8", "username": "ada2"}

    ## How to fix
    Return the store's own unique username, or none at all when the connection does not require one.
    """
    yield from _shared(transcript, _username, "username", strict_severity(transcript))


@rule(
    group=Group.PROFILE,
    severity=Severity.ERROR,
    needs=(Need.GET_USER, Need.SECOND_USER),
    yields_to=("shared-user-id", "wrong-users-profile", "shared-email", "shared-username", "invalid-phone-number"),
    since="0.1.0",
    source=PROFILE_STRUCTURE,
)
def shared_phone_number(transcript: Transcript) -> Iterator[Comparison]:
    """Two people have the same phone number.

    ## Why this matters
    A phone number is unique in a connection. With import mode on, Auth0 refuses the second one, so the second person
    cannot log in. Families and companies often share one.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        person bob email=bob@example.com
        get_user ada@example.com -> found {"user_id": "7", "phone_number": "+4930123456"}
        get_user bob@example.com -> found {"user_id": "8", "phone_number": "+4930123456"}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        person bob email=bob@example.com
        get_user ada@example.com -> found {"user_id": "7", "phone_number": "+4930123456"}
        get_user bob@example.com -> found {"user_id": "8", "phone_number": "+4930123457"}

    ## How to fix
    Return a number that several people have in `user_metadata`, and `phone_number` only where it belongs to one person.
    """
    yield from _shared(transcript, _phone_number, "phone_number", strict_severity(transcript))


def _email_by_ascii(exchange: Exchange) -> str:
    return lowered_by_ascii(_text(exchange, "email"))


def _username(exchange: Exchange) -> str:
    return _text(exchange, "username").strip().lower()


def _phone_number(exchange: Exchange) -> str:
    return _text(exchange, "phone_number").strip()


def _text(exchange: Exchange, attribute: str) -> str:
    value = (exchange.profile or {}).get(attribute)
    return value if isinstance(value, str) else ""


def _shared_by_new_users(transcript: Transcript) -> Iterator[Comparison]:
    """Compare those whom the check made; whether they are in the store of the known users, no transcript says."""
    holders: dict[str, Exchange] = {}
    told: set[tuple[str, str]] = set()
    for exchange in transcript.judged:
        if exchange.script in {Script.DELETE, Script.CHANGE_EMAIL}:
            # From now on an id, or an e-mail, may be somebody else's.
            holders.clear()
        elif exchange.situation is Situation.WRITING and _is_own(exchange) and user_id_text(exchange):
            first = holders.setdefault(user_id_text(exchange), exchange)
            pair = (first.person, exchange.person)
            if first.person == exchange.person or _email_by_ascii(first) == _email_by_ascii(exchange):
                continue
            if pair not in told:
                told.add(pair)
                message = f"{first.person} and {exchange.person} have the same user_id {{got}}; it must be unique"
                yield Violation(message, (first, exchange), path="user_id", got=user_id_text(exchange))


def _is_own(exchange: Exchange) -> bool:
    """Tell whether a call found somebody by the e-mail that is in the profile."""
    email, identifier = _email_by_ascii(exchange), exchange.arguments[0] if exchange.arguments else None
    return bool(email) and isinstance(identifier, str) and lowered_by_ascii(identifier) == email


def _shared_with_elsewhere(transcript: Transcript) -> Iterator[Comparison]:
    users: defaultdict[str, list[ElsewhereUser]] = defaultdict(list)
    for user in transcript.header.elsewhere:
        users[json_text(user.user_id)].append(user)
    first_seen: dict[tuple[str, str], Exchange] = {}
    for exchange in own_sightings(transcript) if users else ():
        first_seen.setdefault((exchange.person, user_id_text(exchange)), exchange)
    for (label, user_id), exchange in first_seen.items():
        for user in users[user_id]:
            message = (
                f"{label} has the user_id {{got}}, and so has {user.label} of the connection {user.connection}; "
                "it must be unique over all custom databases of the tenant"
            )
            person = transcript.person(label)
            email = None if person is None else person.email
            # One person who is in both stores is nobody else's account.
            is_same = None not in (email, user.email) and str(email).lower() == str(user.email).lower()
            severity = Severity.WARNING if is_same else Severity.ERROR
            yield Violation(message, (exchange,), severity, path="user_id", got=user_id)
        if user_id and not users[user_id]:
            yield Held((exchange,))


def _shared(
    transcript: Transcript, key: Callable[[Exchange], str], name: str, severity: Severity
) -> Iterator[Comparison]:
    first_seen: dict[str, Exchange] = {}
    told: set[tuple[str, str]] = set()
    for exchange in own_sightings(transcript):
        value = key(exchange)
        if not value:
            continue
        first = first_seen.setdefault(value, exchange)
        if first.person == exchange.person:
            continue
        if (first.person, exchange.person) not in told:
            told.add((first.person, exchange.person))
            message = f"{first.person} and {exchange.person} have the same {name} {{got}}; it must be unique"
            yield Violation(message, (first, exchange), severity, path=name, got=value)
    clashing = {person for pair in told for person in pair}
    for exchange in first_seen.values():
        if exchange.person not in clashing and len(transcript.people) > 1:
            yield Held((exchange,))
