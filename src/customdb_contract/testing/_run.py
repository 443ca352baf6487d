"""What the contract items of one pytest run share; imported in every run, so it imports next to nothing itself."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from customdb_contract.findings import Report

__all__ = ["MARKER", "ContractRun", "run_of"]

MARKER: Final = "customdb_contract"
"""The marker of every contract item; its argument is the rule's name."""


@dataclass
class ContractRun:
    """What the contract items of one pytest run share.

    Args:
        deselected: The names of the rules that the command line deselects.
        reports: The reports that were made, by the node id of their suite.
        printed: The same in every format that was asked for, also those of other processes.
    """

    deselected: frozenset[str] = frozenset()
    reports: "dict[str, Report]" = field(default_factory=dict[str, "Report"])
    printed: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


_RUN: Final = pytest.StashKey[ContractRun]()


def run_of(config: pytest.Config) -> ContractRun:
    """Return what the contract items of a pytest run share.

    Args:
        config: The configuration of the run.
    """
    return config.stash.setdefault(_RUN, ContractRun())
