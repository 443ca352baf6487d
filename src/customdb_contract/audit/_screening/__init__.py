"""Selects the rows that may break a rule, by expressions that every engine supports: sometimes too many, never too few.

The predicates of `profiles.problems` judge the selected rows, so an expression only has to miss no breach. Dialects of
regular expressions differ (RE2, POSIX, Java), so the patterns use only what all of them support: classes, repetition,
alternatives and `^`. The end of a text is written in the dialect of the engine.

Most rows break no rule, and each search through a text takes time. So all patterns for a column are first searched for
at once: this is the gate of the column. Only if it finds something are they searched for one by one.
"""

import functools
import operator
from collections.abc import Iterable, Mapping
from typing import Final

from customdb_contract.audit._engines import Expression, Table, import_ibis
from customdb_contract.audit._screening._attributes import (
    PLAIN,
    email_not_lowercase,
    email_verified_not_boolean,
    invalid_email,
    invalid_mfa_factors,
    invalid_name,
    invalid_phone_number,
    invalid_picture,
    invalid_user_id,
    invalid_username,
    missing_email_verified,
    missing_user_id,
    mutable_user_id,
    prefixed_user_id,
    unreachable_user,
    user_id_not_a_string,
)
from customdb_contract.audit._screening._metadata import (
    access_in_user_metadata,
    by_name,
    dynamic_metadata_keys,
    invalid_metadata_key,
    metadata_not_json,
    names_in_app_metadata,
    profile_too_large,
    secret_in_profile,
    undefined_attribute,
)
from customdb_contract.audit._screening._screen import Part, Screen, Screening, any_of

__all__ = ["SCREENS", "SUSPECTED", "Screening", "suspected", "suspicious"]

SUSPECTED: Final = "row:suspected"
"""The column of bits for the rules that a row may break."""

SCREENS: Final[Mapping[str, Screen]] = {
    "missing-user-id": missing_user_id,
    "user-id-not-a-string": user_id_not_a_string,
    "invalid-user-id": invalid_user_id,
    "prefixed-user-id": prefixed_user_id,
    "mutable-user-id": mutable_user_id,
    "invalid-email": invalid_email,
    "email-not-lowercase": email_not_lowercase,
    "email-verified-not-boolean": email_verified_not_boolean,
    "missing-email-verified": missing_email_verified,
    "invalid-username": invalid_username,
    "invalid-name": invalid_name,
    "invalid-phone-number": invalid_phone_number,
    "invalid-picture": invalid_picture,
    "invalid-mfa-factors": invalid_mfa_factors,
    "reserved-root-attribute": by_name("reserved-root-attribute"),
    "undefined-attribute": undefined_attribute,
    "profile-too-large": profile_too_large,
    "idp-token-in-profile": by_name("idp-token-in-profile"),
    "reserved-app-metadata": names_in_app_metadata,
    "invalid-metadata-key": invalid_metadata_key,
    "metadata-not-json": metadata_not_json,
    "legacy-metadata-name": by_name("legacy-metadata-name"),
    "metadata-shadows-profile": names_in_app_metadata,
    "dynamic-metadata-keys": dynamic_metadata_keys,
    "access-in-user-metadata": access_in_user_metadata,
    "secret-in-profile": secret_in_profile,
    "unreachable-user": unreachable_user,
}
"""The screen of each rule that checks one profile."""

_BITS: Final = {rule: 1 << place for place, rule in enumerate(SCREENS)}


def suspicious(screening: Screening, rules: Iterable[str]) -> Table | None:
    """Return the rows that may break one of the rules, with the column `SUSPECTED`; None if no rule can be broken.

    Args:
        screening: The input of the screens.
        rules: The names of the rules.
    """
    screens = {rule: list(map(_as_part, parts)) for rule in rules if (parts := SCREENS[rule](screening))}
    if not screens:
        return None
    every = [part for parts in screens.values() for part in parts]
    gates, ifelse = _gates(screening, every), import_ibis().ifelse
    marks = [ifelse(_one_of(parts, gates).fill_null(False), _BITS[rule], 0) for rule, parts in screens.items()]  # noqa: FBT003 - of SQL
    table = screening.users.table
    return table.filter(_one_of(every, gates)).mutate(**{SUSPECTED: functools.reduce(operator.add, marks)})


def _as_part(part: Expression | Part) -> Part:
    return part if isinstance(part, Part) else Part(part)


def _gates(screening: Screening, parts: Iterable[Part]) -> dict[str, Expression]:
    """Return, for each column with parts, the condition that one of them can be true at all."""
    patterns: dict[str, dict[str, None]] = {}
    for part in parts:
        patterns.setdefault(part.column, {})[part.pattern] = None
    gates: dict[str, Expression] = {}
    for column, wanted in patterns.items():
        if column in PLAIN:
            gates[column] = screening.unlike(column, PLAIN[column])
        elif column:
            gates[column] = screening.users.table[column].re_search("|".join(wanted))
    return gates


def _one_of(parts: Iterable[Part], gates: Mapping[str, Expression]) -> Expression:
    """Return the condition that one of the parts is true; engines evaluate duplicates, so there are none."""
    found: dict[str, dict[object, Expression]] = {}
    for part in parts:
        found.setdefault(part.column, {})[part.expression.op()] = part.expression
    return any_of(
        gates[column] & any_of(some.values()) if column else any_of(some.values()) for column, some in found.items()
    )


def suspected(marks: int) -> list[str]:
    """Return the names of the rules that a row may break.

    Args:
        marks: The value of the row in the column `SUSPECTED`.
    """
    return [rule for rule, bit in _BITS.items() if marks & bit]
