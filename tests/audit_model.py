"""A model of an audit: the expected findings, computed row by row in plain Python, slowly and without an engine."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from customdb_contract.audit import Columns
from customdb_contract.profiles.problems import problems_of
from customdb_contract.secrets import hide_unknown

TEXTS = (
    "email",
    "username",
    "phone_number",
    "name",
    "nickname",
    "given_name",
    "family_name",
    "picture",
)
BOOLEANS = ("email_verified", "phone_verified", "blocked")
JSONS = ("user_metadata", "app_metadata", "mfa_factors")
NAMES = ("user_id", *TEXTS, *BOOLEANS, *JSONS)

COLUMNS = Columns(**{name: name for name in NAMES})  # type: ignore[arg-type]  # a mapping of names
"""A table whose columns have the names of the attributes, with JSON as text."""

Row = Mapping[str, object]


def row_of(profile: Mapping[str, object]) -> dict[str, object]:
    """Return the row of a profile."""
    row = {name: profile.get(name) for name in NAMES}
    return {name: json.dumps(value) if name in JSONS and value is not None else value for name, value in row.items()}


def profile_of(row: Row) -> dict[str, object]:
    """Return the profile of a row."""
    profile = {name: value for name, value in row.items() if value is not None}
    for name in JSONS:
        if name in profile:
            profile[name] = parsed(str(profile[name]))
    return {name: value for name, value in profile.items() if value is not None}


def parsed(text: str) -> object:
    """Return the value of a JSON text, or the text itself if it is not valid JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def ascii_lower(text: str) -> str:
    """Return a text with its ASCII letters in lower case."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def expected(rows: Sequence[Row], *, import_mode: bool, requires_username: bool = False) -> Counter[tuple[str, str]]:
    """Return the number of findings of each rule for each user, by rule and `user_id`."""
    found: Counter[tuple[str, str]] = Counter()
    for row in rows:
        profile = profile_of(row)
        broken = {
            problem.rule
            for problem in problems_of(profile, import_mode=import_mode, requires_username=requires_username)
        }
        if not any(map(profile.get, ("email", "username", "phone_number"))):
            broken.add("unreachable-user")
        found.update((rule, _id(row)) for rule in broken)
    for rule, name, lowered in (
        ("shared-user-id", "user_id", False),
        ("shared-email", "email", True),
        ("shared-username", "username", True),
        ("shared-phone-number", "phone_number", False),
    ):
        found += _shared(rows, rule, name, lowered=lowered and import_mode)
    if import_mode:
        found += _unicode(rows)
    return found + _types(rows)


def _id(row: Row) -> str:
    # A value with the format of a secret is never shown, not even as a key.
    return hide_unknown(str(row["user_id"] or ""), lambda _kind, _value: "…")


def _shared(rows: Iterable[Row], rule: str, name: str, *, lowered: bool) -> Counter[tuple[str, str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        value = row[name]
        if isinstance(value, str) and value:
            groups[ascii_lower(value) if lowered else value].append(_id(row))
    return Counter((rule, user_id) for group in groups.values() if len(group) > 1 for user_id in group)


def _unicode(rows: Iterable[Row]) -> Counter[tuple[str, str]]:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["email"]:
            groups[str(row["email"]).lower()].append(row)
    clashing = [group for group in groups.values() if len({ascii_lower(str(row["email"])) for row in group}) > 1]
    return Counter(("unicode-email-collision", _id(row)) for group in clashing for row in group)


TYPES = (str, float, bool, dict, list)


def _items(value: object) -> list[tuple[str, object]]:
    return [] if not isinstance(value, dict) else list(cast("dict[str, object]", value).items())


def _type(value: object) -> type:
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


def _types(rows: Sequence[Row]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for name in ("user_metadata", "app_metadata"):
        seen: defaultdict[str, Counter[type]] = defaultdict(Counter)
        read = [profile_of(row).get(name) for row in rows]
        for value in read:
            for key, item in _items(value):
                if item is not None:
                    seen[key][_type(item)] += 1
        most = {key: max(TYPES, key=types.__getitem__) for key, types in seen.items()}
        for row, value in zip(rows, read, strict=True):
            if any(item is not None and _type(item) is not most[key] for key, item in _items(value)):
                found["inconsistent-metadata-type", _id(row)] = 1 + found["inconsistent-metadata-type", _id(row)]
    # A user with two of them is one finding.
    return found
