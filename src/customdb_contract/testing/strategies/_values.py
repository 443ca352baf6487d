"""Strategies for texts that are hard to print or to parse, and for recorded values."""

from collections.abc import Mapping
from functools import cache

from hypothesis import strategies as st

from customdb_contract.transcript import RecordedError, Special, Value

__all__ = ["awkward_texts", "mappings", "profiles", "recorded_errors", "recorded_values"]

_TELLING_TEXTS = (
    "ada@example.com",
    "«password of ada»",
    '«a " b»',
    "true",
    "null",
    "-0",
    "7",
    "7ada",
    "->",
    "# comment",
    'a "quoted" text',
    "back\\slash",
    " of ",
    ", ",
    "; called again -> found {}",
    "   [known-user]",
    "   [caused by 1]",
    "removed",
    "inferred",
    "called with",
    "without callback",
    "later",
    "unknown",
    "two\nlines\r\n",
    "::error title=forged::line",
    "x\n::error::y",
    "a ::warning::b ##[error]c ##vso[task.complete]d",
    "\x00\x1b[31m\x7f\x85\u2028\ufeff",
    "\u202eright to left\u2066",
    "\ud800",
    "\ud83d\ude00",
    "\ud83d\ud83d\ude00\ude00",
    "\U0001f600",
    "\U000e0041\U000e007f",
    "$special",
    "$mapping",
    "$",
)
_LARGEST_INTEGER = 2**1024 - 1

_ATTRIBUTES: tuple[str, ...] = (
    "user_id",
    "id",
    "email",
    "email_verified",
    "username",
    "phone_number",
    "phone_verified",
    "name",
    "nickname",
    "picture",
    "mfa_factors",
    "user_metadata",
    "app_metadata",
    "metadata",
    "password",
    "last_login",
    "access_token",
)
"""The attributes that rules read in a profile, or in the user passed to `create`."""


@cache
def awkward_texts() -> st.SearchStrategy[str]:
    """Return a strategy for texts that break printing or parsing code.

    Among them are lone and split surrogates, control and formatting characters, and words of the one-line notation. It
    shrinks to the empty text.
    """
    return st.one_of(
        st.text(st.characters(exclude_categories=()), max_size=12),
        st.sampled_from(_TELLING_TEXTS),
        st.text(st.sampled_from('ab\ud83d\ude00\U000e0041\u200b\x00"\\$«» #;,[]->'), max_size=6),
    )


@cache
def recorded_values() -> st.SearchStrategy[Value]:
    """Return a strategy for the values of a transcript: JSON, `Special` for everything else, and errors."""
    scalars: st.SearchStrategy[Value] = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-_LARGEST_INTEGER, _LARGEST_INTEGER),
        st.floats(allow_nan=False, allow_infinity=False),
        awkward_texts(),
        st.builds(Special, awkward_texts(), awkward_texts(), st.none() | st.integers(0, 2**40)),
    )
    return st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=3), mappings(inner), recorded_errors(inner)),
        max_leaves=4,
    )


@cache
def mappings(inner: st.SearchStrategy[Value] | None = None) -> st.SearchStrategy[Mapping[str, Value]]:
    """Return a strategy for recorded mappings, some with keys that start with `$`."""
    return st.dictionaries(awkward_texts(), recorded_values() if inner is None else inner, max_size=2)


@cache
def profiles() -> st.SearchStrategy[Mapping[str, Value]]:
    """Return a strategy for mappings with the attributes of a profile, whatever their values."""
    values = st.one_of(
        recorded_values(),
        st.sampled_from(_TELLING_TEXTS),
        st.dictionaries(st.sampled_from(_ATTRIBUTES) | awkward_texts(), recorded_values(), max_size=2),
        st.lists(mappings(), max_size=2),
    )
    return st.dictionaries(st.sampled_from(_ATTRIBUTES), values, max_size=4)


@cache
def recorded_errors(inner: st.SearchStrategy[Value] | None = None) -> st.SearchStrategy[RecordedError]:
    """Return a strategy for recorded errors, some under names that are words of the notation."""
    telling = ("Error", "WrongUsernameOrPasswordError", "later", "rejection", "at", "called", "true", "Größe")
    carried = st.lists(recorded_values() if inner is None else inner, max_size=2).map(tuple)
    return st.builds(
        RecordedError, st.sampled_from(telling) | awkward_texts(), awkward_texts(), carried, st.none() | awkward_texts()
    )
