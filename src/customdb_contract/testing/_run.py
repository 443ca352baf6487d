"""The state that the contract items of one pytest run share; imported in every run, so it imports next to nothing."""

from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from customdb_contract.findings import Report

__all__ = ["MARKER", "ContractRun", "run_of"]

MARKER: Final = "customdb_contract"
"""The marker of every contract item; its argument is the rule's name."""


class ContractRun:
    """The state that the contract items of one pytest run share.

    Attributes:
        deselected: The names of the rules that the command line deselects.
        reports: The reports that were made, by the node id of their suite.
        printed: The same reports in every requested format, including those of other processes.
    """

    def __init__(self) -> None:
        self.deselected: frozenset[str] = frozenset()
        self.reports: dict[str, Report] = {}
        self.printed: dict[str, list[str]] = {}


_RUN: Final = pytest.StashKey[ContractRun]()


def run_of(config: pytest.Config) -> ContractRun:
    """Return the state that the contract items of a pytest run share.

    Args:
        config: The configuration of the run.
    """
    return config.stash.setdefault(_RUN, ContractRun())
