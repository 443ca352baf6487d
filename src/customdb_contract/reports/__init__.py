"""Reports: one module per output format; each gets a Report and returns text."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from customdb_contract.findings import Report
from customdb_contract.reports import as_github, as_json, as_junit, as_sarif, as_text

__all__ = ["FORMATS"]

FORMATS: Final[Mapping[str, Callable[[Report], str]]] = MappingProxyType(
    {
        "text": as_text.render,
        "json": as_json.render,
        "junit": as_junit.render,
        "sarif": as_sarif.render,
        "github": as_github.render,
    }
)
"""The output formats by name, each a function from a report to text."""
