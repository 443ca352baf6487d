"""Reports: one module per output format; each turns a Report, or those of a tenant, into text."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from customdb_contract.findings import Report

__all__ = ["FORMATS", "TENANT_FORMATS"]

_MODULES: Final[Mapping[str, str]] = {
    "text": "customdb_contract.findings.text",
    "json": "customdb_contract.reports.as_json",
    "junit": "customdb_contract.reports.as_junit",
    "sarif": "customdb_contract.reports.as_sarif",
    "github": "customdb_contract.reports.as_github",
    "html": "customdb_contract.reports.as_html",
}
"""The module of each format: its `render` prints one report, its `render_all` those on all connections of a tenant."""


def _printed(module: str, function: str, given: object) -> str:
    """Call a function of a module that is imported only now, because listing the formats needs no module."""
    text: str = getattr(import_module(module), function)(given)
    return text


FORMATS: Final["Mapping[str, Callable[[Report], str]]"] = MappingProxyType(
    {name: partial(_printed, module, "render") for name, module in _MODULES.items()}
)
"""The output formats by name, each a function from a report to text."""

TENANT_FORMATS: Final["Mapping[str, Callable[[Sequence[Report]], str]]"] = MappingProxyType(
    {name: partial(_printed, module, "render_all") for name, module in _MODULES.items()}
)
"""The same formats, each as a function from the reports on all connections of a tenant to one text."""
