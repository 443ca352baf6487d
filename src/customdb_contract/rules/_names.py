"""Names of rules: those that are retired, and what is wrong with a name that no rule has."""

from collections.abc import Collection, Mapping
from typing import Final

from attrs import frozen

__all__ = ["RETIRED", "Retired", "problem_of_name"]


@frozen
class Retired:
    """A rule that an earlier version had.

    Args:
        since: The first version without it.
        why: Why it is gone.
    """

    since: str
    why: str


RETIRED: Final[Mapping[str, Retired]] = {
    "type-confusion": Retired(
        "0.1.0",
        "Auth0 hands scripts nothing but text, so that no identifier can be an object or an array; "
        "whether an HTTP interface refuses one is not part of the contract",
    ),
}
"""The rules that an earlier version had: a name is never used again."""


def problem_of_name(name: str, known: Collection[str], what: str) -> str:
    """Return what is wrong with a name, and what to do.

    Args:
        name: A name that is not known.
        known: Those that are.
        what: What it names: `rule`, `group` or `rule or group`.
    """
    if name in RETIRED and "rule" in what:
        return f"the rule {name!r} is retired, take it out: {RETIRED[name].why}"
    import difflib  # noqa: PLC0415 - only a wrong name needs it, and importing it takes a while

    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`customdb-contract rules` lists them"
    return f"there is no {what} {name!r}; {hint}"
