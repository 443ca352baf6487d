"""What can be wrong with a `user_id`."""

import hashlib
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from customdb_contract.profiles._limits import USER_ID_LINKABLE_MAX, USER_ID_MAX
from customdb_contract.profiles.problems._problem import Circumstances, Owner, Problem
from customdb_contract.profiles.problems._values import not_json, user_id_of
from customdb_contract.severity import Severity

__all__ = ["invalid_user_id", "missing_user_id", "mutable_user_id", "prefixed_user_id", "user_id_not_a_string"]

_ACCIDENTS: Final = frozenset({"undefined", "null", "None", "NaN", "nan", "[object Object]"})
_SHORTEST_PART: Final = 5
_SHORTEST_DIGEST: Final = 32
"""Characters of an MD5 in hexadecimal digits."""
_MOST_KEPT: Final = 1_000
_HASHES: Final = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


def missing_user_id(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether there is a `user_id`; an `id` alone is reported as information."""
    if user_id_of(profile) in (None, ""):
        yield Problem(
            rule="missing-user-id",
            path="user_id",
            problem="is missing or empty; it is mandatory",
            severity=Severity.ERROR,
            expected="text",
            got="nothing",
            returned="a profile without user_id; it is mandatory, and must not be empty",
        )
    elif user_id_of({name: value for name, value in profile.items() if name != "id"}) is not None:
        yield None
    else:
        either = "Auth0 accepts either, but its pages on the scripts document only user_id"
        yield Problem(
            rule="missing-user-id",
            path="user_id",
            problem=f"is missing, and id is there instead; {either}",
            severity=Severity.INFO,
            expected="user_id",
            got="id",
            returned=f"id instead of user_id; {either}",
        )


def user_id_not_a_string(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether a `user_id` is text."""
    user_id = user_id_of(profile)
    if user_id is None or user_id == "":
        return
    if isinstance(user_id, str):
        yield None
        return
    found = not_json(user_id)
    kind = type(user_id).__name__ if found is None else found.kind
    yield Problem(
        rule="user-id-not-a-string",
        path="user_id",
        problem=f"is of the type {kind}; return it as text",
        severity=Severity.WARNING if isinstance(user_id, int | float) else Severity.ERROR,
        expected="text",
        got=kind,
        returned=f"a user_id of the type {kind}; return it as text",
    )


def invalid_user_id(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether Auth0 accepts a `user_id`, and whether it is the name of a missing value."""
    user_id = _text_of(profile)
    if user_id is None:
        return
    problem, got, severity = _invalid(user_id)
    if not problem:
        yield None
        return
    yield Problem(
        rule="invalid-user-id",
        path="user_id",
        problem=problem.replace("{got}", got),
        severity=severity,
        got=got,
        returned=f"a user_id that {problem}",
    )


def _invalid(user_id: str) -> tuple[str, str, Severity]:
    size = f"{len(user_id)} characters"
    if user_id in _ACCIDENTS:
        return "is the text {got}, the name of a missing value", repr(user_id), Severity.ERROR
    if any(character.isspace() for character in user_id):
        return "contains white space, which is not allowed", size, Severity.ERROR
    if len(user_id) > USER_ID_MAX:
        return f"has {{got}}, and at most {USER_ID_MAX} are allowed", size, Severity.ERROR
    if len(user_id) > USER_ID_LINKABLE_MAX:
        allowed = f"and accounts with more than {USER_ID_LINKABLE_MAX} cannot become the primary one of linked accounts"
        return f"has {{got}}, {allowed}", size, Severity.WARNING
    return "", "", Severity.INFO


def prefixed_user_id(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether a `user_id` has the prefix that Auth0 adds."""
    user_id = _text_of(profile)
    if user_id is None:
        return
    if not user_id.startswith("auth0|"):
        yield None
        return
    problem = "starts with auth0|, which Auth0 adds itself"
    yield Problem(
        rule="prefixed-user-id",
        path="user_id",
        problem=problem,
        severity=Severity.WARNING,
        returned=f"a user_id that {problem}",
    )


def mutable_user_id(profile: Mapping[str, object], circumstances: Circumstances) -> Iterator[Problem | None]:
    """Judge whether a `user_id` is derived from data that a user can change."""
    user_id = _text_of(profile)
    if user_id is None:
        return
    source = _made_of(user_id, profile, circumstances.owner)
    if source is None:
        yield None
        return
    problem = f"is derived from the {source}, which can change"
    yield Problem(
        rule="mutable-user-id",
        path="user_id",
        problem=problem,
        severity=Severity.WARNING,
        expected="a key that never changes",
        got=f"the {source}",
        returned=f"a user_id that {problem}",
    )


def _text_of(profile: Mapping[str, object]) -> str | None:
    user_id = user_id_of(profile)
    return user_id if isinstance(user_id, str) and user_id else None


def _made_of(user_id: str, profile: Mapping[str, object], owner: Owner | None) -> str | None:
    known: Mapping[str, set[str | None]] = {
        "e-mail": {None if owner is None else owner.email, _attribute(profile, "email")},
        "username": {None if owner is None else owner.username, _attribute(profile, "username")},
        "phone number": {_attribute(profile, "phone_number")},
    }
    lowered = user_id.lower()
    for name, values in known.items():
        for value in filter(None, values):
            if lowered == value.lower() or _is_part(value.lower(), lowered):
                return name
            # Most ids are too short for anything that takes long to compute.
            if len(user_id) > len(value) and any(form in user_id for form in _encoded(value)):
                return f"{name}, encoded"
            if len(user_id) >= _SHORTEST_DIGEST and any(digest in lowered for digest in _digests(value)):
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


def _attribute(profile: Mapping[str, object], name: str) -> str | None:
    value = profile.get(name)
    return value if isinstance(value, str) else None


def _is_part(part: str, whole: str) -> bool:
    if len(part) < _SHORTEST_PART or part not in whole:
        return False
    return re.search(rf"(?<![^\W_]){re.escape(part)}(?![^\W_])", whole) is not None
