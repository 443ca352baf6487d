"""Reports: one module per output format; each gets a Report, or those of a tenant, and returns text."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from customdb_contract.findings import Report, text
from customdb_contract.reports import as_github, as_html, as_json, as_junit, as_sarif

__all__ = ["FORMATS", "TENANT_FORMATS"]

FORMATS: Final[Mapping[str, Callable[[Report], str]]] = MappingProxyType(
    {
        "text": text.render,
        "json": as_json.render,
        "junit": as_junit.render,
        "sarif": as_sarif.render,
        "github": as_github.render,
        "html": as_html.render,
    }
)
"""The output formats by name, each a function from a report to text."""

TENANT_FORMATS: Final[Mapping[str, Callable[[Sequence[Report]], str]]] = MappingProxyType(
    {
        "text": text.render_all,
        "json": as_json.render_all,
        "junit": as_junit.render_all,
        "sarif": as_sarif.render_all,
        "github": as_github.render_all,
        "html": as_html.render_all,
    }
)
"""The same formats, each as a function from the reports on all connections of a tenant to one text."""
