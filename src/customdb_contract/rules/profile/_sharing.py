"""The rules about values that no two users can share."""

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
    """Two users have the same `user_id`.

    ## Why this matters
    Auth0 treats them as one user: each gets the other's profile, metadata and permissions. Ids must be unique across
    all custom databases of a tenant, so `check --tenant` compares the users with those of the other connections in an
    export. If two connections have the same user, with the same e-mail and the same id, that is a warning.

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
    Use the primary key, with a prefix for the store if the tenant has several: `shop-7`.
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
    """Two users have the same e-mail, ignoring case.

    ## Why this matters
    With import mode on, Auth0 stores e-mails in lower case and rejects the second one, so the second user can't log in.
    With import mode off it creates two users with one e-mail. The rule `unicode-email-collision` covers letters beyond
    ASCII.

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
    Before the migration, merge the records, or give one of them another e-mail.
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
    """Two users have the same username, ignoring case.

    ## Why this matters
    A username is unique in a connection. With import mode on, Auth0 stores it in lower case and rejects the second one,
    so the second user can't log in. The usual cause is a script that builds the username from the e-mail.

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
    Return the store's own unique username, or none if the connection does not require one.
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
    """Two users have the same phone number.

    ## Why this matters
    A phone number is unique in a connection. With import mode on, Auth0 rejects the second one, so the second user
    can't log in. Families and companies often share a number.

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
    Return `phone_number` only if it belongs to a single user, and a shared number in `user_metadata`.
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
    """Compare users created by the check with each other; they need not be in the store of the known users."""
    holders: dict[str, Exchange] = {}
    reported: set[tuple[str, str]] = set()
    for exchange in transcript.judged:
        if exchange.script in {Script.DELETE, Script.CHANGE_EMAIL}:
            # After this, an id or an e-mail may belong to another user.
            holders.clear()
        elif exchange.situation is Situation.WRITING and _is_own(exchange) and user_id_text(exchange):
            first = holders.setdefault(user_id_text(exchange), exchange)
            pair = (first.person, exchange.person)
            if first.person == exchange.person or _email_by_ascii(first) == _email_by_ascii(exchange):
                continue
            if pair not in reported:
                reported.add(pair)
                message = f"{first.person} and {exchange.person} have the same user_id {{got}}; make it unique"
                yield Violation(message, (first, exchange), path="user_id", got=user_id_text(exchange))


def _is_own(exchange: Exchange) -> bool:
    """Tell whether a call found the user by the e-mail in the profile."""
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
                f"{label} has the user_id {{got}}, which {user.label} of the connection {user.connection} also has; "
                "make it unique across all custom databases of the tenant"
            )
            person = transcript.person(label)
            email = None if person is None else person.email
            # A user who is in both stores shares the id with no other user.
            is_same = None not in (email, user.email) and str(email).lower() == str(user.email).lower()
            severity = Severity.WARNING if is_same else Severity.ERROR
            yield Violation(message, (exchange,), severity, path="user_id", got=user_id)
        if user_id and not users[user_id]:
            yield Held((exchange,))


def _shared(
    transcript: Transcript, key: Callable[[Exchange], str], name: str, severity: Severity
) -> Iterator[Comparison]:
    first_seen: dict[str, Exchange] = {}
    reported: set[tuple[str, str]] = set()
    for exchange in own_sightings(transcript):
        value = key(exchange)
        if not value:
            continue
        first = first_seen.setdefault(value, exchange)
        if first.person == exchange.person:
            continue
        if (first.person, exchange.person) not in reported:
            reported.add((first.person, exchange.person))
            message = f"{first.person} and {exchange.person} have the same {name} {{got}}; make it unique"
            yield Violation(message, (first, exchange), severity, path=name, got=value)
    clashing = {person for pair in reported for person in pair}
    for exchange in first_seen.values():
        if exchange.person not in clashing and len(transcript.people) > 1:
            yield Held((exchange,))
