"""An export of a tenant as a collection of pytest items: one per connection and rule."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from typing_extensions import override

from customdb_contract.config import Configuration, examine_all, load_tenant
from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Report
from customdb_contract.rules import acquainted, judge_selected
from customdb_contract.testing.configured import RuleItem, rule_items
from customdb_contract.transcript import Transcript, printable

__all__ = ["ExportFile", "ExportFolder", "ExportedConnection"]

_OBSERVED: Final = pytest.StashKey[Sequence[Transcript] | ConfigurationError]()


class ExportedConnection(pytest.Collector):
    """A connection of an export as a collector: every rule is one item.

    All connections are checked when the first item of any of them runs, because some rules compare them.

    Args:
        export: The collector of the export.
        configurations: The configurations of all connections of the export.
        place: Its position, from 0.
        **keywords: The arguments of every collector.
    """

    def __init__(
        self, *, export: pytest.Collector, configurations: Sequence[Configuration], place: int, **keywords: Any
    ) -> None:
        super().__init__(**keywords)
        self._export = export
        self._configurations = configurations
        self._place = place

    @property
    def title(self) -> str:
        """The name of the connection."""
        return self.name

    def check(self, deselected: Collection[str]) -> Report:
        """Return the report on the connection.

        Args:
            deselected: Names of rules not to judge.

        Raises:
            ConfigurationError: When any connection of the export cannot be checked.
        """
        selection = self._configurations[self._place].selection().without(deselected)
        return judge_selected(_observed(self._export, self._configurations)[self._place], selection)

    @override
    def collect(self) -> Iterator[RuleItem]:
        return rule_items(self)


class ExportFolder(pytest.Directory):
    """The folder of an export as a collector."""

    @override
    def collect(self) -> Iterator[ExportedConnection]:
        return _connections(self, self.path)


class ExportFile(pytest.File):
    """The YAML file of an export as a collector."""

    @override
    def collect(self) -> Iterator[ExportedConnection]:
        return _connections(self, self.path)


def _connections(export: pytest.Collector, path: Path) -> Iterator[ExportedConnection]:
    problem = None
    configurations: Sequence[Configuration] = ()
    try:
        configurations = load_tenant(path)
    except ConfigurationError as error:
        problem = str(error)
    # Outside the handler, so that pytest shows one exception.
    if problem is not None:
        raise export.CollectError(problem)
    for place, configuration in enumerate(configurations):
        name = printable(configuration.connection.name)
        yield ExportedConnection.from_parent(  # pyright: ignore[reportUnknownMemberType]  # pytest's
            export, name=name, export=export, configurations=configurations, place=place
        )


def _observed(export: pytest.Collector, configurations: Sequence[Configuration]) -> Sequence[Transcript]:
    """Return the reports on all connections, which are checked once in each process of a run."""
    stash = export.stash
    if _OBSERVED not in stash:
        try:
            examine_all(configurations)
            stash[_OBSERVED] = acquainted([configuration.observe() for configuration in configurations])
        except ConfigurationError as error:
            stash[_OBSERVED] = error
    observed = stash[_OBSERVED]
    if isinstance(observed, ConfigurationError):
        raise observed
    return observed
