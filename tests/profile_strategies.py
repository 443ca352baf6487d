"""Hypothesis strategies for profiles: valid ones, and ones with exactly one defect."""

from hypothesis import strategies as st

__all__ = ["defects", "emails", "json_values", "metadata", "profiles", "raw_values"]

_KEYS = st.text(st.characters(exclude_characters=".$", exclude_categories=["Cs"]), max_size=8)
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def emails() -> st.SearchStrategy[str]:
    """E-mail addresses: plain ones, and some with dots, plus signs and other scripts."""
    part = st.text(_LETTERS + "_+-ü", min_size=1, max_size=12)
    local = st.lists(part, min_size=1, max_size=3).map(".".join)
    label = st.text(_LETTERS + "é", min_size=1, max_size=10)
    return st.builds(lambda name, labels: f"{name}@{'.'.join(labels)}", local, st.lists(label, min_size=2, max_size=3))


def json_values() -> st.SearchStrategy[object]:
    """What JSON has, with names that metadata may have."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    return st.recursive(
        scalars, lambda below: st.lists(below, max_size=4) | st.dictionaries(_KEYS, below, max_size=4), max_leaves=12
    )


def metadata() -> st.SearchStrategy[dict[str, object]]:
    """Metadata that Auth0 accepts."""
    names = _KEYS.map(lambda name: f"x{name}")
    return st.dictionaries(names, json_values(), max_size=5)


def _phones() -> st.SearchStrategy[str]:
    return st.from_regex(r"\+[0-9]{1,15}", fullmatch=True)


def _factors() -> st.SearchStrategy[list[dict[str, dict[str, str]]]]:
    totp = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=1, max_size=32)
    factor = (
        totp.map(lambda secret: {"totp": {"secret": secret}})
        | _phones().map(lambda number: {"phone": {"value": number}})
        | emails().map(lambda email: {"email": {"value": email}})
    )
    return st.lists(factor, min_size=1, max_size=10)


def _names(most: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=most)


def profiles() -> st.SearchStrategy[dict[str, object]]:
    """Valid profiles in which nothing is missing that Auth0 would generate."""
    return st.fixed_dictionaries(
        {
            "user_id": st.from_regex(r"[A-Za-z0-9|_-]{1,40}", fullmatch=True),
            "email": emails().map(str.lower),
            "name": _names(150),
            "nickname": _names(350),
            "picture": st.just("https://example.com/picture.png"),
        },
        optional={
            "email_verified": st.booleans(),
            "username": st.from_regex(r"[a-z0-9._+-]{1,15}", fullmatch=True),
            "phone_number": _phones(),
            "phone_verified": st.booleans(),
            "given_name": _names(150),
            "family_name": _names(150),
            "blocked": st.booleans(),
            "user_metadata": metadata(),
            "app_metadata": metadata(),
            "mfa_factors": _factors(),
            "department": st.text(max_size=5),
        },
    )


DEFECTS: dict[str, tuple[object, ...]] = {
    "user_id": ("", "a b", "x" * 256, None, True, ["7"]),
    "email": ("", "ada", "@example.com", "ada@", "a@b@c", "x" * 65 + "@example.com", "a..b@example.com", 7),
    "email_verified": (1, 0, "true"),
    "username": ("", "x" * 129, 7),
    "phone_number": ("0171", "+49 171", "+" + "1" * 16, 49),
    "phone_verified": (1, "yes"),
    "name": ("", "x" * 301, 7),
    "nickname": ("", "x" * 351),
    "given_name": ("", "x" * 151),
    "family_name": ("", "x" * 151),
    "picture": ("", "/7.png", "ftp://example.com/x", "https://"),
    "blocked": (1, "no"),
    "user_metadata": ("x", [], {"a.b": 1}, {"a": {"$b": 1}}, {"a": [{"b.c": 1}]}, {7: 1}, {"a": object()}),
    "app_metadata": ({"email": 1}, {"blocked": False}, {"a": {"b": [object()]}}),
    "mfa_factors": (
        [],
        [{}],
        [{"sms": {"value": "+1"}}],
        [{"totp": {"secret": "abc"}}],
        [{"phone": {"value": "1"}}],
        "x",
    ),
}


def defects() -> st.SearchStrategy[tuple[str, object]]:
    """An attribute, and a value that Auth0 does not accept for it."""
    pairs = [(name, value) for name, values in DEFECTS.items() for value in values]
    return st.sampled_from(pairs)


def raw_values() -> st.SearchStrategy[object]:
    """Whatever a store may hand over: JSON, and what it does not have."""
    odd = (
        st.uuids()
        | st.decimals()
        | st.datetimes()
        | st.dates()
        | st.times()
        | st.binary(max_size=8)
        | st.floats()
        | st.builds(object)
        | st.frozensets(st.integers(), max_size=3)
        | st.tuples(st.integers(), st.uuids())
        | st.complex_numbers()
    )
    return st.recursive(
        json_values() | odd,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    )
