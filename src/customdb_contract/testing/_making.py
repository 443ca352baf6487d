"""Makes the report of a suite once, for the first of its items that runs."""

from collections.abc import Callable, Collection
from typing import Final, NoReturn

import pytest

from customdb_contract.errors import CustomDatabaseError
from customdb_contract.findings import Report, Status
from customdb_contract.testing._run import MARKER, run_of
from customdb_contract.transcript import printable

__all__ = ["report_of"]

_JUDGED: Final = (Status.PASSED, Status.FAILED, Status.WAIVED, Status.CRASHED)


class _Trouble:
    """A problem with the set-up of a suite, and the rule whose item shows it.

    Args:
        suite: The collector of the items.
        problem: The problem; an exception is a bug, and pytest shows its traceback.
    """

    def __init__(self, suite: pytest.Collector, problem: str | Exception) -> None:
        self._suite = suite.name
        self._problem = problem
        self._shown_by: str | None = None

    def end(self, item: pytest.Item) -> NoReturn:
        """End the set-up of an item: with the problem, or with a reference to the item that shows it."""
        is_rule = item.get_closest_marker(MARKER) is not None
        # An item that is run again must not be skipped instead of showing the error.
        if self._shown_by is None or self._shown_by == item.nodeid:
            # An expected failure does not fail a run.
            if is_rule and item.get_closest_marker("xfail") is None:
                self._shown_by = item.nodeid
            if isinstance(self._problem, Exception):
                raise self._problem
            pytest.fail(f"{self._suite}: {self._problem}", pytrace=False)
        message = f"the set-up failed, see {self._shown_by}"
        if is_rule:
            pytest.skip(message)
        # A test of the team's own can catch what its fixture raises, so it never stands for the rules.
        pytest.fail(f"{self._suite}: {message}", pytrace=False)


_MADE: Final = pytest.StashKey[Report | _Trouble]()


def report_of(item: pytest.Item, suite: pytest.Collector, make: Callable[[Collection[str]], Report]) -> Report:
    """Return the report of a suite, or end the set-up of an item if the report says nothing about its rules.

    Called from the set-up of an item, so that pytest counts an error and not a failed rule. The first rule that runs
    shows the reason, and the others are skipped: every process that runs any of them has an error.

    Args:
        item: The item that runs.
        suite: The collector of the items; it keeps the report.
        make: Makes the report, given the names of the rules not to judge.
    """
    if _MADE not in suite.stash:
        suite.stash[_MADE] = _made(suite, make)
    made = suite.stash[_MADE]
    if isinstance(made, _Trouble):
        made.end(item)
    return made


def _made(suite: pytest.Collector, make: Callable[[Collection[str]], Report]) -> Report | _Trouble:
    run = run_of(suite.config)
    try:
        report = make(run.deselected)
    except CustomDatabaseError as error:
        return _Trouble(suite, str(error))
    except Exception as error:  # noqa: BLE001 - it is raised again, for one item
        return _Trouble(suite, error)
    run.reports[suite.nodeid] = report
    problem = _problem(report)
    return report if problem is None else _Trouble(suite, problem)


def _problem(report: Report) -> str | None:
    """Return why a report says nothing about its rules, or not enough, or None."""
    stop = report.transcript.header.stop_reason
    if stop is not None:
        seen = f"\n\nFindings until then: {report}" if report.failures else ""
        return f"the check ended early ({stop.kind}): {printable(stop.message)}{seen}"
    if not any(report.count[status] for status in _JUDGED):
        reasons = dict.fromkeys(
            verdict.reason for verdict in report.verdicts if verdict.status is Status.NOT_APPLICABLE and verdict.reason
        )
        return f"no rule could be judged: {'; '.join(reasons) or 'all are deselected'}"
    return None
