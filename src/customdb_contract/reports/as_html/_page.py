"""The page as a whole: one file that loads nothing, and whose policy forbids it to."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Final

from customdb_contract.findings import Report
from customdb_contract.findings.text import shown
from customdb_contract.reports.as_html._connection import connection
from customdb_contract.reports.as_html._filters import filters
from customdb_contract.reports.as_html._markup import Markup, element
from customdb_contract.reports.as_html._room import Room

__all__ = ["page"]

_MOST_DRAWN: Final = 1_500_000
"""Characters of all diagrams of a page."""


def page(reports: Sequence[Report]) -> str:
    """Return the reports on the connections of a tenant as one page.

    Args:
        reports: The reports.
    """
    is_ok = all(report.ok for report in reports)
    names = [shown(report.transcript.connection.name) for report in reports]
    title = f"{'ok' if is_ok else 'not ok'}: {', '.join(names)}"
    ids = [f"c{number}" for number in range(1, len(reports) + 1)]
    links = [
        element("li", element("a", f"{name}: {'ok' if report.ok else 'not ok'}", href=f"#{id_}"))
        for name, report, id_ in zip(names, reports, ids, strict=True)
    ]
    sections = [
        connection(report, Room(_MOST_DRAWN // len(reports)), id_=id_) for report, id_ in zip(reports, ids, strict=True)
    ]
    body = element(
        "body",
        element("a", "Skip to the report", href="#report", class_="skip"),
        element("header", element("h1", title), element("nav", element("ul", *links), aria_label="Connections")),
        element("main", filters(reports), *sections, id="report", tabindex=-1),
        element(
            "footer",
            element("p", f"Made by customdb-contract {version('customdb-contract')}. Markers «…» stand for secrets."),
        ),
        element("script", _file("report.js")),
    )
    return f"<!doctype html>\n{element('html', _head(title), body, lang='en').html}\n"


def _head(title: str) -> Markup:
    style, script = _file("report.css"), _file("report.js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("link", rel="icon", href="data:,"),
        element("title", f"{title} - customdb-contract"),
        element("style", style),
    )


@cache
def _file(name: str) -> Markup:
    return Markup(f"\n{files('customdb_contract.reports.as_html').joinpath(name).read_text(encoding='utf-8')}")


def _hash(part: Markup) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(part.html.encode()).digest()).decode()}'"
