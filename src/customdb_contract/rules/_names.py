"""Names of rules: retired ones, and the problem with an unknown one."""

from collections.abc import Collection, Mapping
from typing import Final

from attrs import frozen

__all__ = ["RETIRED", "Retired", "problem_of_name"]


@frozen
class Retired:
    """A rule of an earlier version.

    Args:
        since: The first version without it.
        why: The reason why it was removed.
    """

    since: str
    why: str


RETIRED: Final[Mapping[str, Retired]] = {
    "type-confusion": Retired(
        "0.1.0",
        "Auth0 passes only text to scripts, so no identifier can be an object or an array; "
        "whether an HTTP API rejects one is not part of the contract",
    ),
}
"""Rules of earlier versions, whose names are never used again."""


def problem_of_name(name: str, known: Collection[str], what: str) -> str:
    """Return the problem with a name, and what to do.

    Args:
        name: An unknown name.
        known: The known names.
        what: The kind of name: `rule`, `group` or `rule or group`.
    """
    if name in RETIRED and "rule" in what:
        return f"the rule {name!r} is retired; remove it from the configuration: {RETIRED[name].why}"
    import difflib  # noqa: PLC0415 - only a wrong name needs it, and importing it takes a while

    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`customdb-contract rules` lists them"
    return f"there is no {what} {name!r}; {hint}"
