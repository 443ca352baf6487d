"""The scenarios."""

import difflib
from typing import Final

from customdb_contract.errors import ConfigurationError
from customdb_contract.rehearsal._accounts import ACCOUNTS
from customdb_contract.rehearsal._log_ins import LOG_INS
from customdb_contract.rehearsal._outages import OUTAGES
from customdb_contract.rehearsal._scenario import Scenario

__all__ = ["SCENARIOS", "find_scenario"]

SCENARIOS: Final[tuple[Scenario, ...]] = (*LOG_INS, *ACCOUNTS, *OUTAGES)
"""All scenarios, in the order in which they are listed and played."""


def find_scenario(name: str) -> Scenario:
    """Return the scenario of a name.

    Args:
        name: The name.

    Raises:
        ConfigurationError: When there is none; the message suggests a similar name, or lists all.
    """
    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    if name not in by_name:
        near = difflib.get_close_matches(name, by_name, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(by_name)}"
        message = f"there is no scenario {name!r}; {hint}"
        raise ConfigurationError(message)
    return by_name[name]
