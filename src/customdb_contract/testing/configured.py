"""A configuration file as a collection of pytest items, one per rule."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Protocol, cast

import pytest
from typing_extensions import override

from customdb_contract.config import load_config
from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Report
from customdb_contract.rules import CATALOGUE, judge_selected
from customdb_contract.testing._making import report_of
from customdb_contract.testing._run import MARKER
from customdb_contract.testing.outcomes import conclude

__all__ = ["ConfigurationFile", "RuleItem", "Suite", "check_configured", "rule_items"]


class Suite(Protocol):
    """A collector whose items are the rules, over one report.

    Attributes:
        title: The name under which the items are reported.
    """

    title: str

    def check(self, deselected: Collection[str]) -> Report:
        """Run the check of the suite.

        Args:
            deselected: Names of rules not to judge.
        """
        ...


class ConfigurationFile(pytest.File):
    """A configuration file as a collector: every rule is one item. The file is read when the first of them runs."""

    @property
    def title(self) -> str:
        """The name of the file."""
        return self.path.name

    def check(self, deselected: Collection[str]) -> Report:
        """Check the database and the Action of the file.

        Args:
            deselected: Names of rules not to judge.
        """
        return check_configured(self.path, deselected)

    @override
    def collect(self) -> Iterator["RuleItem"]:
        return rule_items(self)


class RuleItem(pytest.Item):
    """One rule, judged for a suite."""

    _report: Report

    @override
    def setup(self) -> None:
        suite = cast("pytest.Collector", self.parent)
        self._report = report_of(self, suite, cast("Suite", suite).check)

    @override
    def runtest(self) -> None:
        conclude(self, self._report, self.name)

    @override
    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"{cast('Suite', self.parent).title}: {self.name}"


def rule_items(suite: pytest.Collector) -> Iterator[RuleItem]:
    """Yield an item for every rule.

    Args:
        suite: A `Suite`.
    """
    for rule in CATALOGUE:
        item = RuleItem.from_parent(suite, name=rule.info.name)  # pyright: ignore[reportUnknownMemberType]  # pytest's
        item.add_marker(getattr(pytest.mark, MARKER)(rule.info.name))
        yield item


def check_configured(path: Path, deselected: Collection[str]) -> Report:
    """Check the database and the Action of a configuration file.

    Args:
        path: The file.
        deselected: Names of rules not to judge.

    Raises:
        ConfigurationError: When the file cannot be used.
    """
    configuration = load_config(path)
    if configuration.database is None and configuration.action is None:
        message = f"{path}: no database to check: give [database] python or scripts, or [action] code or python"
        raise ConfigurationError(message)
    selection = configuration.selection().without(deselected)
    return judge_selected(configuration.observe(), selection)
