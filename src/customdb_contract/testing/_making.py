"""Making the report of a suite: once, for the first of its items that runs."""

from collections.abc import Callable, Collection
from typing import Final

import pytest

from customdb_contract.errors import CustomDatabaseError
from customdb_contract.findings import Report, Status
from customdb_contract.testing._run import run_of
from customdb_contract.transcript import printable

__all__ = ["report_of"]

_MADE: Final = pytest.StashKey[Report | None]()
_JUDGED: Final = (Status.PASSED, Status.FAILED, Status.WAIVED, Status.CRASHED)


def report_of(suite: pytest.Collector, make: Callable[[Collection[str]], Report]) -> Report:
    """Return the report of a suite, and fail where it says nothing about its rules.

    Called from the set-up of an item, so that pytest counts an error and no failed rule. The first item tells why, the
    others only that there is an error.

    Args:
        suite: What collected the items; the report is kept there.
        make: Makes the report, given the names of the rules that are not judged.
    """
    problem = None
    if _MADE not in suite.stash:
        report = None
        try:
            report = make(run_of(suite.config).deselected)
        except CustomDatabaseError as error:
            problem = str(error)
        except Exception:
            suite.stash[_MADE] = None
            raise
        else:
            run_of(suite.config).reports[suite.nodeid] = report
            problem = _problem(report)
        suite.stash[_MADE] = None if problem else report
    made = suite.stash[_MADE]
    if made is None:
        message = f": {problem}" if problem else " could not be set up; the first error of its rules tells why"
        pytest.fail(f"{suite.name}{message}", pytrace=False)
    return made


def _problem(report: Report) -> str | None:
    """Return why a report says nothing about its rules, or not enough, or None."""
    stop = report.transcript.header.stop_reason
    if stop is not None:
        seen = f"\n\nThis was seen until then: {report}" if report.failures else ""
        return f"the check ended early ({stop.kind}): {printable(stop.message)}{seen}"
    if not any(report.count[status] for status in _JUDGED):
        reasons = dict.fromkeys(
            verdict.reason for verdict in report.verdicts if verdict.status is Status.NOT_APPLICABLE and verdict.reason
        )
        return f"no rule could be judged: {'; '.join(reasons) or 'all are deselected'}"
    return None
