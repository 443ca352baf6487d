"""The outcome of a pytest item, according to the verdict on its rule."""

import inspect
import warnings
from typing import NoReturn, assert_never

import pytest

from customdb_contract.findings import Report, Severity, Status, Verdict
from customdb_contract.findings.text import render_verdict

__all__ = ["ContractWarning", "conclude"]


class ContractWarning(UserWarning):
    """A rule has findings that do not make a check fail."""


def conclude(item: pytest.Item, report: Report, rule: str) -> None:
    """End a pytest item according to the verdict on its rule.

    A rule that is waived and broken is an expected failure. A rule that was not judged is skipped, unless its group was
    required and none of its rules could be judged.

    Args:
        item: The item of the rule.
        report: The report that judged it.
        rule: The rule's name.
    """
    verdict = report.verdict(rule)
    match verdict.status:
        case Status.PASSED:
            pass
        case Status.FAILED:
            _conclude_failed(item, report, verdict)
        case Status.WAIVED:
            item.add_marker(pytest.mark.xfail(reason=str(verdict.reason), strict=True))
            _fail(item, report, verdict)
        case Status.NOT_APPLICABLE:
            if verdict.rule.group in report.missing_groups:
                pytest.fail(
                    f"no rule of the required group {verdict.rule.group} could be judged: {verdict.reason}",
                    pytrace=False,
                )
            pytest.skip(f"not applicable: {verdict.reason}")
        case Status.DESELECTED:
            pytest.skip("deselected")
        case Status.CRASHED:
            _fail(item, report, verdict)
        case _ as unreachable:
            assert_never(unreachable)


def _conclude_failed(item: pytest.Item, report: Report, verdict: Verdict) -> None:
    if verdict in report.failures:
        _fail(item, report, verdict)
    if verdict.severity is Severity.INFO:
        return
    try:
        warnings.warn_explicit(
            render_verdict(report, verdict), ContractWarning, filename=str(item.path), lineno=_line(item)
        )
    except ContractWarning:
        # Warnings are errors in this run; a preview fails nothing even then.
        if not verdict.rule.preview:
            _fail(item, report, verdict)


def _line(item: pytest.Item) -> int:
    suite = item.getparent(pytest.Class)
    return 1 if suite is None else inspect.getsourcelines(suite.obj)[1]


def _fail(item: pytest.Item, report: Report, verdict: Verdict) -> NoReturn:
    # A node id begins at the root of the tests, which can differ from the folder where pytest was started.
    folder = item.config.invocation_params.dir
    path = item.path.relative_to(folder) if item.path.is_relative_to(folder) else item.path
    names = item.nodeid.partition("::")[2]
    again = f'pytest "{path.as_posix()}::{names}"'
    if item.path.suffix not in {".py", ".toml"}:
        # This is an export, which the option must name; after a folder, pytest accepts no names.
        again = f'pytest --customdb-tenant "{path.as_posix()}" -k "{names.replace("::", " and ")}"'
    pytest.fail(f"{render_verdict(report, verdict)}\n  See it again: {again}", pytrace=False)
