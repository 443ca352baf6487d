"""The options for what is judged and how it is reported, and the reports themselves."""

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from customdb_contract._cli._output import show, wants_color, write
from customdb_contract.reports import FORMATS, TENANT_FORMATS

if TYPE_CHECKING:
    from customdb_contract.audit import AuditReport
    from customdb_contract.findings import Report
    from customdb_contract.findings.text import Style

__all__ = [
    "AUDIT_FORMAT_NAMES",
    "add_output",
    "add_selection",
    "names",
    "report_all",
    "report_audit",
    "report_one",
]

AUDIT_FORMAT_NAMES: Final = ("text", "json", "html")
"""The formats of an audit's report, known without loading them."""

_NARROWEST: Final = 60
"""Characters of a line: a narrower one would have one word of a call."""


def add_output(
    parser: argparse.ArgumentParser,
    formats: Sequence[str] = tuple(FORMATS),
    more: str = "every finding, with every call in full",
) -> None:
    """Add the options for how and where to report.

    Args:
        parser: The parser of a command.
        formats: The formats that its report has.
        more: What a longer report shows.
    """
    parser.add_argument("--format", choices=formats, default="text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        type=_format_and_file(formats),
        metavar="FORMAT:FILE",
        help="also write the report to a file, in any of these formats; can be repeated",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("-v", "--verbose", action="store_true", help=f"show {more}")
    length.add_argument(
        "-q", "--quiet", action="store_true", help="show only the verdict and the names of broken rules"
    )


def _format_and_file(formats: Sequence[str]) -> Callable[[str], tuple[str, Path]]:
    def parse(value: str) -> tuple[str, Path]:
        name, _, file = value.partition(":")
        if name not in formats or not file:
            message = f"expected FORMAT:FILE, where FORMAT is one of {', '.join(formats)}; got {value!r}"
            raise argparse.ArgumentTypeError(message)
        return name, Path(file)

    return parse


def add_selection(parser: argparse.ArgumentParser, *, by_script: bool = True) -> None:
    """Add the options for which rules are judged.

    Args:
        parser: The parser of a command.
        by_script: Whether there are scripts to choose from.
    """
    for option, meaning in (("select", "judge only these"), ("ignore", "skip these")):
        parser.add_argument(
            f"--{option}",
            action="append",
            default=[],
            metavar="NAMES",
            help=f"{meaning} rules or groups, separated by commas",
        )
    if by_script:
        parser.add_argument(
            "--script",
            action="append",
            default=[],
            metavar="NAMES",
            help="judge only these scripts, such as login, separated by commas",
        )
    parser.add_argument("--fail-on", choices=("error", "warning"), help="the lowest severity that ends in exit code 1")


def names(values: Sequence[str]) -> list[str]:
    """Return the names in the values of an option.

    Args:
        values: The values, one for each use of the option.
    """
    return [name for value in values for name in value.replace(",", " ").split()]


def report_one(report: "Report", options: argparse.Namespace, *, advise: bool = True) -> int:
    """Show a report as the options say, and return its exit code.

    Args:
        report: The report.
        options: The options that `add_output` added.
        advise: Whether to say which settings would let the check judge more.
    """
    from customdb_contract.findings.text import Style, render, render_briefly

    if options.format == "text":
        printed = (render_briefly if options.quiet else render)(report, _style(options, advise=advise))
    else:
        printed = FORMATS[options.format](report)
    filed = Style(verbose=options.verbose, advise=advise)
    _show(printed, options, lambda name: render(report, filed) if name == "text" else FORMATS[name](report))
    return report.exit_code


def report_all(reports: "Sequence[Report]", options: argparse.Namespace) -> int:
    """Show the reports on the connections of a tenant as the options say, and return the worst exit code.

    Args:
        reports: The reports.
        options: The options that `add_output` added.
    """
    from customdb_contract.findings import worst_exit_code
    from customdb_contract.findings.text import render_all

    if options.format == "text":
        printed = render_all(reports, _style(options), briefly=options.quiet)
    else:
        printed = TENANT_FORMATS[options.format](reports)
    _show(printed, options, lambda name: TENANT_FORMATS[name](reports))
    return worst_exit_code(reports)


def report_audit(report: "AuditReport", options: argparse.Namespace) -> int:
    """Show the report of an audit as the options say, and return its exit code.

    Args:
        report: The report.
        options: The options that `add_output` added.
    """
    from customdb_contract.audit.printing import AUDIT_FORMATS, render_audit, render_audit_briefly
    from customdb_contract.findings.text import Style

    if options.format == "text":
        printed = (render_audit_briefly if options.quiet else render_audit)(report, _style(options))
    else:
        printed = AUDIT_FORMATS[options.format](report)
    filed = Style(verbose=options.verbose)
    _show(printed, options, lambda name: render_audit(report, filed) if name == "text" else AUDIT_FORMATS[name](report))
    return report.exit_code


def _show(printed: str, options: argparse.Namespace, in_format: Callable[[str], str]) -> None:
    try:
        show(printed, options.output)
    finally:
        # A reader who closes the output early must not cost any of the files.
        for name, path in options.report:
            write(path, in_format(name))


def _style(options: argparse.Namespace, *, advise: bool = True) -> "Style":
    from customdb_contract.findings.text import PLAIN, Style

    if options.output is not None or not sys.stdout.isatty():
        return Style(verbose=options.verbose, advise=advise)
    width = max(_NARROWEST, shutil.get_terminal_size((PLAIN.width, 0)).columns)
    return Style(color=wants_color(sys.stdout), width=width, verbose=options.verbose, advise=advise)
