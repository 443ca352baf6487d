"""The options that say what is judged and how it is reported, and the reports themselves."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from customdb_contract._cli._output import show, wants_color

if TYPE_CHECKING:
    from customdb_contract.findings import Report

__all__ = ["FORMAT_NAMES", "add_output", "add_selection", "names", "report_all", "report_one"]

FORMAT_NAMES: Final = ("text", "json", "junit", "sarif", "github")
"""The formats of a report, known without loading them."""


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how and where to report.

    Args:
        parser: The parser of a command.
    """
    parser.add_argument("--format", choices=FORMAT_NAMES, default="text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which rules are judged.

    Args:
        parser: The parser of a command.
    """
    for option, meaning in (("select", "judge only these"), ("ignore", "do not judge these")):
        parser.add_argument(
            f"--{option}", action="append", default=[], metavar="NAMES", help=f"{meaning}: rules or groups, with commas"
        )


def names(values: Sequence[str]) -> list[str]:
    """Return the names that an option was given.

    Args:
        values: What was given, each time.
    """
    return [name for value in values for name in value.replace(",", " ").split()]


def report_one(report: "Report", options: argparse.Namespace) -> int:
    """Show a report as the options say, and return its exit code.

    Args:
        report: The report.
        options: The options that `add_output` added.
    """
    from customdb_contract.reports import FORMATS, as_text

    if options.format == "text" and options.output is None:
        text = as_text.render(report, color=wants_color(sys.stdout))
    else:
        text = FORMATS[options.format](report)
    show(text, options.output)
    return report.exit_code


def report_all(reports: "Sequence[Report]", options: argparse.Namespace) -> int:
    """Show the reports on the connections of a tenant as the options say, and return the worst exit code.

    Args:
        reports: The reports.
        options: The options that `add_output` added.
    """
    from customdb_contract.findings import worst_exit_code
    from customdb_contract.reports import TENANT_FORMATS, as_text

    if options.format == "text" and options.output is None:
        text = as_text.render_all(reports, color=wants_color(sys.stdout))
    else:
        text = TENANT_FORMATS[options.format](reports)
    show(text, options.output)
    return worst_exit_code(reports)
