"""The rules about `user_id`: what it is, and that one person has one."""

import hashlib
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.profiles import USER_ID_LINKABLE_MAX, USER_ID_MAX
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import sightings, sightings_in_outages, user_id_of
from customdb_contract.transcript import Person, Special, Transcript, Value

_PROFILES: Final = "https://auth0.com/docs/manage-users/user-accounts/user-profiles/normalized-user-profiles"
_GET_USER: Final = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/get-user"
_LIMITS: Final = "https://auth0.com/docs/customize/actions/limitations"
_DELETE: Final = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/delete"

_ACCIDENTS: Final = frozenset({"undefined", "null", "None", "NaN", "nan", "[object Object]"})
_SHORTEST_PART: Final = 5
_MOST_KEPT: Final = 1_000
_HASHES: Final = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), source=_PROFILES)
def missing_user_id(transcript: Transcript) -> Iterator[Comparison]:
    """A profile has no `user_id`.

    ## Why this matters
    `user_id` is the one mandatory attribute: Auth0 keys its own record of the user on it. Without one there is nothing
    that the next log-in could be matched with.

    Auth0 takes `id` where there is no `user_id`. Both work, but the pages of the scripts document `user_id` only, so
    `id` alone is reported as information.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "shop-7", "email": "ada@example.com"}

    ## How to fix
    Return the primary key of the record as text.

    ```python
    Found({"user_id": f"shop-{row.id}", "email": row.email})
    ```
    """
    named_id: set[Script] = set()
    for exchange in (*sightings(transcript), *sightings_in_outages(transcript)):
        profile = exchange.profile or {}
        if user_id_of(profile) in (None, ""):
            message = f"{exchange.script} returned a profile without user_id; it is mandatory, and must not be empty"
            yield Violation(message, (exchange,), path="user_id", expected="text", got="nothing")
        elif user_id_of({name: value for name, value in profile.items() if name != "id"}) is not None:
            yield Held((exchange,))
        elif exchange.script not in named_id:
            named_id.add(exchange.script)
            message = (
                f"{exchange.script} returned id in place of user_id; Auth0 takes either, and the pages of the scripts "
                "document user_id only"
            )
            yield Violation(message, (exchange,), Severity.INFO, path="user_id", expected="user_id", got="id")


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), source=_PROFILES)
def user_id_not_a_string(transcript: Transcript) -> Iterator[Comparison]:
    """A `user_id` is a number or another value that is no text.

    ## Why this matters
    The Management API knows text only. A number may come back as text, so that `7` and `"7"` no longer match where they
    are compared; an ObjectId or a buffer becomes whatever its serialisation makes of it.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": 7, "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## How to fix
    Convert it. In Python: `str(row.id)`. In JavaScript: `row.id.toString()`.
    """
    for exchange in sightings(transcript):
        user_id = user_id_of(exchange.profile or {})
        if user_id is None or user_id == "":
            continue
        if isinstance(user_id, str):
            yield Held((exchange,))
            continue
        kind = user_id.kind if isinstance(user_id, Special) else type(user_id).__name__
        severity = Severity.WARNING if isinstance(user_id, int | float) else Severity.ERROR
        message = f"{exchange.script} returned a user_id of the type {kind}; return it as text"
        yield Violation(message, (exchange,), severity, path="user_id", expected="text", got=kind)


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), source=_LIMITS)
def invalid_user_id(transcript: Transcript) -> Iterator[Comparison]:
    """A `user_id` has white space, is too long, or is the name of a missing value.

    ## Why this matters
    The Management API accepts no white space and at most 255 characters; from 128 on, accounts cannot be linked under
    it. `"undefined"` or `"None"` means that a column has another name than the script thinks: everybody gets
    the same id.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "undefined", "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "shop-7", "email": "ada@example.com"}

    ## How to fix
    Return the primary key of the record; check the name of its column.
    """
    for exchange in (*sightings(transcript), *sightings_in_outages(transcript)):
        user_id = user_id_of(exchange.profile or {})
        if not isinstance(user_id, str) or not user_id:
            continue
        problem, severity = _problem(user_id)
        if problem:
            message = f"{exchange.script} returned a user_id that {problem}"
            yield Violation(message, (exchange,), severity, path="user_id", got=_shown(user_id))
        else:
            yield Held((exchange,))


def _problem(user_id: str) -> tuple[str | None, Severity]:
    if user_id in _ACCIDENTS:
        return "is the text {got}, the name of a missing value", Severity.ERROR
    if any(character.isspace() for character in user_id):
        return "contains white space, and it may have none", Severity.ERROR
    if len(user_id) > USER_ID_MAX:
        return f"has {{got}}, and at most {USER_ID_MAX} are allowed", Severity.ERROR
    if len(user_id) > USER_ID_LINKABLE_MAX:
        allowed = f"and accounts with more than {USER_ID_LINKABLE_MAX} cannot become the primary one of linked accounts"
        return f"has {{got}}, {allowed}", Severity.WARNING
    return None, Severity.INFO


def _shown(user_id: str) -> str:
    return repr(user_id) if user_id in _ACCIDENTS else f"{len(user_id)} characters"


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), source=_DELETE)
def prefixed_user_id(transcript: Transcript) -> Iterator[Comparison]:
    """A `user_id` starts with `auth0|`.

    ## Why this matters
    Auth0 puts `auth0|` in front of every `user_id` of a database connection, so it becomes `auth0|auth0|…`; and the
    delete script is given the id without the prefix.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "auth0|7", "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## How to fix
    Return the id without the prefix.
    """
    for exchange in sightings(transcript):
        user_id = user_id_of(exchange.profile or {})
        if not isinstance(user_id, str) or not user_id:
            continue
        if user_id.startswith("auth0|"):
            message = f"{exchange.script} returned a user_id that starts with auth0|, which Auth0 puts before it itself"
            yield Violation(message, (exchange,), path="user_id")
        else:
            yield Held((exchange,))


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), source=_GET_USER)
def mutable_user_id(transcript: Transcript) -> Iterator[Comparison]:
    """A `user_id` is made of the e-mail, the username or the phone number, which people can change.

    ## Why this matters
    `user_id` must never change. When somebody's e-mail does, Auth0 sees a new user, and the old one keeps the metadata,
    the roles and the linked accounts. The same holds for an id that is the e-mail in Base64 or as a hash.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "shop|ada@example.com", "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "shop|7", "email": "ada@example.com"}

    ## How to fix
    Use a key that stays: the primary key of the record. Where there is none, add a column with a random one.
    """
    for exchange in sightings(transcript):
        profile = exchange.profile or {}
        user_id = user_id_of(profile)
        if not isinstance(user_id, str) or not user_id:
            continue
        source = _made_of(user_id, profile, transcript.person(exchange.person))
        if source:
            message = f"{exchange.script} returned a user_id that is made of the {source}, which can change"
            yield Violation(message, (exchange,), path="user_id", expected="a key that stays", got=f"the {source}")
        else:
            yield Held((exchange,))


def _made_of(user_id: str, profile: Mapping[str, Value], person: Person | None) -> str | None:
    known: Mapping[str, set[str | None]] = {
        "e-mail": {person.email if person else None, _attribute(profile, "email")},
        "username": {person.username if person else None, _attribute(profile, "username")},
        "phone number": {_attribute(profile, "phone_number")},
    }
    lowered = user_id.lower()
    for name, values in known.items():
        for value in filter(None, values):
            if lowered == value.lower() or _is_part(value.lower(), lowered):
                return name
            if any(form in user_id for form in _encoded(value)):
                return f"{name}, encoded"
            if any(digest in lowered for digest in _digests(value)):
                return f"{name}, hashed"
    return None


@lru_cache(_MOST_KEPT)
def _encoded(value: str) -> frozenset[str]:
    """Return a text as hexadecimal and Base64, as it is and in lower case."""
    spellings = [
        text.encode("utf-8", "surrogatepass") for text in (value, value.lower()) if len(text) >= _SHORTEST_PART
    ]
    base64_texts = {encode(raw).decode().rstrip("=") for raw in spellings for encode in (b64encode, urlsafe_b64encode)}
    return frozenset(base64_texts.union(*({raw.hex(), raw.hex().upper()} for raw in spellings)))


@lru_cache(_MOST_KEPT)
def _digests(value: str) -> frozenset[str]:
    """Return the common digests of a text, as it is and in lower case."""
    spellings = [text.encode("utf-8", "surrogatepass") for text in (value, value.lower())]
    return frozenset(hashlib.new(name, raw, usedforsecurity=False).hexdigest() for raw in spellings for name in _HASHES)


def _attribute(profile: Mapping[str, Value], name: str) -> str | None:
    value = profile.get(name)
    return value if isinstance(value, str) else None


def _is_part(part: str, whole: str) -> bool:
    if len(part) < _SHORTEST_PART:
        return False
    return re.search(rf"(?<![^\W_]){re.escape(part)}(?![^\W_])", whole) is not None
