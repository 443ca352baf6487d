"""The document around a page: a single file that loads nothing, enforced by its policy."""

import base64
import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from customdb_contract.reports.as_html._markup import Content, Markup, element

__all__ = ["document"]


def document(title: str, *content: Content, remark: str) -> str:
    """Return a page.

    Args:
        title: The title of the window.
        content: The content, in order.
        remark: A remark at the end, after the version of this program.
    """
    code = _file("report.js")
    footer = element("footer", element("p", f"Created by customdb-contract {version('customdb-contract')}. {remark}"))
    skip = element("a", "Skip to the report", href="#report", class_="skip")
    body = element("body", skip, *content, footer, element("script", code))
    return f"<!doctype html>\n{element('html', _head(title, code), body, lang='en').html}\n"


def _head(title: str, script: Markup) -> Markup:
    style = _file("report.css")
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
