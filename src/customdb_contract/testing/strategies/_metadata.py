"""Strategies for JSON and metadata."""

from typing import Final

from hypothesis import strategies as st

from customdb_contract.testing.strategies._arguments import strategy_or

__all__ = ["PLAIN_TEXT", "field_names", "json_values", "metadata"]

PLAIN_TEXT: Final = st.characters(exclude_categories=["Cs"], exclude_characters="$:{«")
"""Characters without those that every hash of a password, and every marker that replaces one, contains."""


def field_names() -> st.SearchStrategy[str]:
    """Return a strategy for names inside metadata. The prefix keeps them from being a reserved name or an id."""
    rest = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=".$"), min_size=1, max_size=8)
    return rest.map("shop:{}".format)


def json_values() -> st.SearchStrategy[object]:
    """Return a strategy for JSON with names that metadata can have. It shrinks to None."""
    scalars = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(PLAIN_TEXT)
    )
    return st.recursive(
        scalars,
        lambda below: st.lists(below, max_size=4) | st.dictionaries(field_names(), below, max_size=4),
        max_leaves=12,
    )


def metadata(
    *, names: st.SearchStrategy[str] | None = None, values: st.SearchStrategy[object] | None = None
) -> st.SearchStrategy[dict[str, object]]:
    """Return a strategy for `user_metadata` or `app_metadata` that Auth0 accepts, of at most five fields.

    For fields that are known in advance, use `hypothesis.strategies.fixed_dictionaries` instead. It shrinks to `{}`.

    Source: <https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data>.

    Args:
        names: A strategy for the names of the fields; None stands for names that begin with `shop:`, which are neither
            reserved nor ids.
        values: A strategy for their values; None stands for anything that JSON has.

    Raises:
        InvalidArgument: When an argument is not a strategy.
    """
    return st.dictionaries(
        strategy_or("names", names, field_names), strategy_or("values", values, json_values), max_size=5
    )
