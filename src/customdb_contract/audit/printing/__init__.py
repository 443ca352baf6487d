"""The report of an audit in each format: text to read, JSON for programs, HTML for a browser."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from customdb_contract.audit._findings import AuditReport
from customdb_contract.audit.printing import _as_html, _as_json
from customdb_contract.audit.printing._as_text import render as render_audit
from customdb_contract.audit.printing._as_text import render_briefly as render_audit_briefly
from customdb_contract.audit.printing._catalogue import audited_as_json, explain_audited, list_audited

__all__ = [
    "AUDIT_FORMATS",
    "audited_as_json",
    "explain_audited",
    "list_audited",
    "render_audit",
    "render_audit_briefly",
]

AUDIT_FORMATS: Final[Mapping[str, Callable[[AuditReport], str]]] = MappingProxyType(
    {"text": render_audit, "json": _as_json.render, "html": _as_html.render}
)
"""The output formats by name, each a function from the report of an audit to text."""
