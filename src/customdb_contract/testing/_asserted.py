"""Reports that a failed assertion was about: pytest itself shows no more than a short line of each."""

import inspect
from collections.abc import Iterator
from types import FrameType

import pytest

from customdb_contract.audit import AuditReport
from customdb_contract.findings import Report

__all__ = ["asserted_reports"]


def asserted_reports(failure: pytest.ExceptionInfo[BaseException]) -> Iterator[Report | AuditReport]:
    """Yield the reports that the message of a failed assertion names, as in `assert report.ok, report`.

    Args:
        failure: The exception that ended a test.
    """
    message = str(failure.value)
    if isinstance(failure.value, AssertionError) and "Report " in message:
        frame = failure.traceback[-1].frame.raw
        reports = {id(value): value for value in _values(frame) if isinstance(value, Report | AuditReport)}
        yield from (report for report in reports.values() if repr(report) in message)


def _values(frame: FrameType) -> Iterator[object]:
    """Yield the values that a frame could have asserted: its variables, and the globals and attributes it names."""
    names = frame.f_code.co_names
    for value in frame.f_locals.values():
        yield value
        yield from (inspect.getattr_static(value, name, None) for name in names)
    yield from (frame.f_globals[name] for name in names if name in frame.f_globals)
