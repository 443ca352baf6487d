"""Screens for rules about metadata, names, secrets and the size of a profile: all that search JSON."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from attrs import evolve

from customdb_contract.audit._engines import Expression, import_ibis
from customdb_contract.audit._screening._screen import Part, Parts, Screen, Screening, only
from customdb_contract.audit._users import ODD, Field, Kind
from customdb_contract.profiles import RESERVED_APP_METADATA, ROOT_PROFILE_NAMES
from customdb_contract.profiles.problems import problems_of
from customdb_contract.secrets import SECRET_NAMES

__all__ = [
    "access_in_user_metadata",
    "by_name",
    "dynamic_metadata_keys",
    "invalid_metadata_key",
    "metadata_not_json",
    "names_in_app_metadata",
    "profile_too_large",
    "secret_in_profile",
    "undefined_attribute",
]

_SECRET: Final = "[$«]|[{][SsMmCcBbPpAa][A-Za-z0-9_-]*[}]|PRIVATE KEY|otpauth:|:[^ ]*:[^ ]*@"  # noqa: S105 - a pattern
"""Finds anything that may be a secret by its format."""


def _spelled(name: str) -> str:
    """Return a pattern for a name as `names_secret` reads it: in any case, with any dashes and underscores."""
    return "[_-]*" + "".join(f"[{letter}{letter.upper()}][_-]*" for letter in name)


_SECRET_KEY: Final = '"(' + "|".join(_spelled(name) for name in sorted(SECRET_NAMES)) + ')" *:'
_ACCESS_KEY: Final = (
    '"_*('
    + "|".join(
        "".join(f"[{letter}{letter.upper()}]_*" for letter in name)
        for name in (
            "role",
            "roles",
            "permission",
            "permissions",
            "admin",
            "isadmin",
            "scope",
            "scopes",
            "plan",
            "entitlements",
        )
    )
    + ')" *:'
)
_APP_KEY: Final = '"(' + "|".join(sorted(RESERVED_APP_METADATA | ROOT_PROFILE_NAMES)) + ')" *:'
_GENERATED_KEY: Final = '"([0-9]{3}|[0-9a-fA-F]{8})[^"]*" *:'
_BAD_KEY: Final = '"[^"]*[.$][^"]*" *:'


def _json() -> tuple[str, str, str]:
    """Return patterns for valid JSON with few levels: an object, a value, the start of an object."""
    text = '"[ !#-\\[\\]-\U0010ffff]*"'
    # Limiting the digits would make it several times as large, and as much slower in PostgreSQL.
    number = "-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9][0-9]?)?"
    scalar = f"({text}|{number}|true|false|null)"

    def joined(one: str) -> str:
        return f"({one} *(, *{one} *)*)?"

    value = scalar
    for _ in range(2):
        value = f"({scalar}|\\[ *{joined(value)}\\]|[{{] *{joined(f'{text} *: *{value}')}[}}])"
    pair = f"{text} *: *{value}"
    return f"^ *[{{] *{joined(pair)}[}}] *", f"^ *{value} *", f"^ *[{{] *({pair} *, *)*"


_JSON_OBJECT, _JSON_VALUE, _FIRST_PAIRS = _json()
_LONG_NUMBER: Final = r"(^|[:,\[ -])[0-9]{19}"
"""Finds a number that may be too large to be read exactly."""
_NEARLY_TOO_LARGE: Final = 8_192


def by_name(*rules: str) -> Screen:
    """Return a screen for attributes and keys of metadata that break a rule by their name alone."""

    def screen(screening: Screening) -> Parts | None:
        fields = [one for one in screening.fields() if one.is_named]
        return [screening.users.table[one.name].notnull() for one in fields if _is_odd_name(one, rules)] or None

    return screen


_SAMPLES: Final[tuple[object, ...]] = ("text", {"any": "text"})


def _is_odd_name(one: Field, rules: Sequence[str]) -> bool:
    for value in _SAMPLES:
        attribute = {one.key: value}
        profile: Mapping[str, object] = {one.parent: attribute} if one.parent else attribute
        if any(problem.rule in rules for problem in problems_of(profile, import_mode=True)):
            return True
    return False


@only("user_metadata", "app_metadata")
def invalid_metadata_key(screening: Screening) -> Parts:
    return [
        *_by_name_in(screening, "invalid-metadata-key"),
        *_finding(screening, _BAD_KEY),
        *_unsure(screening),
    ]


def _finding(screening: Screening, pattern: str, *roots: str) -> Iterable[Part]:
    """Yield the conditions that a pattern finds something in the JSON of metadata."""
    return (screening.found(one.name, pattern) for one in _json_of(screening, *roots))


def _finding_first(screening: Screening, pattern: str, root: str) -> Iterable[Part]:
    """Yield the conditions that a pattern finds a key of metadata at the top level."""
    for one in _json_of(screening, root):
        if not one.is_named:
            found = screening.found(one.name, pattern)
            is_first = screening.grouped(one.name, lambda text: text.re_search(f"{_FIRST_PAIRS}{pattern}"))
            yield evolve(found, expression=found.expression & is_first)


def _by_name_in(screening: Screening, *rules: str) -> Parts:
    return by_name(*rules)(screening) or ()


_METADATA: Final = ("user_metadata", "app_metadata")


def _json_of(screening: Screening, *roots: str) -> list[Field]:
    """Return the fields of metadata, in both roots or only the given ones, whose columns contain JSON."""
    roots = roots or _METADATA
    return [one for one in screening.fields(Kind.JSON) if (one.parent or one.name) in roots]


def _unsure(screening: Screening, *roots: str) -> Parts:
    """Return the conditions that metadata may be invalid JSON, or contain escapes, which patterns cannot read."""
    return [part for one in _json_of(screening, *roots) for part in _unsure_of(screening, one)]


def _unsure_of(screening: Screening, one: Field) -> Parts:
    sure = _JSON_VALUE if one.is_named else _JSON_OBJECT
    return [screening.unlike(one.name, sure), screening.found(one.name, _LONG_NUMBER)]


@only("app_metadata")
def names_in_app_metadata(screening: Screening) -> Parts:
    return [
        *_by_name_in(screening, "reserved-app-metadata", "metadata-shadows-profile"),
        *_finding_first(screening, _APP_KEY, "app_metadata"),
        *_unsure(screening, "app_metadata"),
    ]


@only("user_metadata")
def access_in_user_metadata(screening: Screening) -> Parts:
    return [
        *_by_name_in(screening, "access-in-user-metadata"),
        *_finding_first(screening, _ACCESS_KEY, "user_metadata"),
        *_unsure(screening, "user_metadata"),
    ]


@only("user_metadata", "app_metadata")
def metadata_not_json(screening: Screening) -> Parts:
    return [*_unsure(screening), *_not_finite(screening, *_METADATA)]


def _not_finite(screening: Screening, *parents: str) -> list[Expression]:
    columns = [screening.users.table[one.name] for one in screening.fields(Kind.VALUE) if one.parent in parents]
    return [column.isnan() | column.isinf() for column in columns if column.type().is_floating()]


@only("user_metadata", "app_metadata")
def dynamic_metadata_keys(screening: Screening) -> Parts:
    found = [
        *_by_name_in(screening, "dynamic-metadata-keys"),
        *_finding(screening, _GENERATED_KEY),
        *_unsure(screening),
    ]
    user_id = screening.column("user_id")
    for one in _json_of(screening):
        text = screening.users.table[one.name]
        # Most ids do not occur in it, and adding quotes to each takes longer than searching for it.
        found.append(text.contains(user_id) & text.contains('"' + user_id + '"'))
    return found


def undefined_attribute(screening: Screening) -> Parts | None:
    return [*_not_finite(screening, ""), *_odd_others(screening)] or None


def _odd_others(screening: Screening) -> Parts:
    """Return the conditions that attributes may be invalid JSON, such as with numbers that JSON does not have."""
    others = [one for one in screening.fields(Kind.JSON) if one.is_named and not one.parent]
    return [part for one in others for part in _unsure_of(screening, one)]


def secret_in_profile(screening: Screening) -> Parts:
    found = [
        *_by_name_in(screening, "secret-in-profile"),
        *(part for one in screening.fields(Kind.JSON) for part in _unsure_of(screening, one)),
    ]
    for one in screening.fields():
        column = screening.users.table[one.name]
        if column.type().is_string():
            found.append(screening.found(one.name, _SECRET))
            if one.kind is Kind.JSON:
                # The lower case of this letter, KELVIN SIGN, is `k`.
                found.append(screening.found(one.name, f"{_SECRET_KEY}|\u212a"))
        found += screening.odd(one.name)
    return found


def _size_bound(screening: Screening, widening: Callable[[Expression], Expression | int]) -> Expression:
    """Return the maximum size of a profile as JSON, in bytes.

    Args:
        screening: The input of the screen.
        widening: Returns the maximum number of bytes for a character of a text.
    """
    ibis = import_ibis()
    parts: list[Expression] = []
    for one in screening.fields():
        for name in (one.name, f"{one.name}{ODD}"):
            column = screening.column(name)
            if column is None:
                continue
            overhead = 6 * len(one.key) + 40
            if column.type().is_string():
                parts.append((column.length() * widening(column)).fill_null(0) + overhead)
            else:
                parts.append(ibis.literal(overhead + 60))
    return sum(parts[1:], parts[0])


def profile_too_large(screening: Screening) -> Parts:
    ifelse = import_ibis().ifelse
    # A control character takes 6 bytes, and a number such as 1e15 becomes four times as long.
    rough = _size_bound(screening, lambda _: 6)
    bound = _size_bound(screening, lambda text: ifelse(text.re_search("[^ -~]|[0-9][eE]"), 6, 2))
    # Most texts are so short that the search can be skipped.
    return [(rough > _NEARLY_TOO_LARGE) & (bound > _NEARLY_TOO_LARGE)]
