"""Sequence diagrams, as lists that read well without any style: requests and responses."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, assert_never

from attrs import frozen

from customdb_contract.reports.as_html._markup import Content, Markup, element
from customdb_contract.reports.stories import Line, LineKind

__all__ = ["AUTH0", "Step", "sequence"]

AUTH0: Final = "Auth0"
_DATABASE: Final = "custom database"
_ACTION: Final = "Action"


@frozen
class Step:
    """A line of a story, as a step of a diagram.

    Args:
        line: The line.
        who: The actor of the operation, who also sees the response, such as `user`.
        remark: A remark on the step, such as its number; empty for none.
    """

    line: Line
    who: str = AUTH0
    remark: str = ""


def sequence(steps: Sequence[Step], label: str) -> Markup:
    """Return a diagram.

    Args:
        steps: The steps, in order.
        label: A label for screen readers.
    """
    people = [step.who for step in steps if step.line.kind in {LineKind.DONE, LineKind.SEEN}]
    lanes = [*dict.fromkeys(people), AUTH0, _right_of(steps)]
    heads = element("div", *(element("span", lane) for lane in lanes), class_="lanes", aria_hidden="true")
    items = [item for step in steps for item in _messages(step)]
    kind = "sequence with-user" if people else "sequence"
    return element("div", heads, element("ol", *items, aria_label=label), class_=kind)


def _right_of(steps: Iterable[Step]) -> str:
    kinds = {step.line.kind for step in steps}
    if not kinds & {LineKind.ACTION, LineKind.REQUEST}:
        return _DATABASE
    return f"{_DATABASE}, {_ACTION}" if LineKind.SCRIPT in kinds else _ACTION


def _messages(step: Step) -> Iterator[Markup]:
    line = step.line
    match line.kind:
        case LineKind.DONE:
            yield _message("to-auth0", f"{step.who} → {AUTH0}", line.text, step.remark)
        case LineKind.SEEN:
            yield _message("to-user", f"{AUTH0} → {step.who}", line.text)
        case LineKind.SCRIPT:
            yield _message("to-script", f"{AUTH0} → {_DATABASE}", line.text, step.remark)
            yield _message("from-script", f"{_DATABASE} → {AUTH0}", line.answer)
        case LineKind.ACTION if line.answer:
            yield _message("to-script", f"{AUTH0} → {_ACTION}", line.text, step.remark)
            yield _message("from-script", f"{_ACTION} → {AUTH0}", line.answer)
        case LineKind.ACTION:
            yield _message("from-script", f"{_ACTION} → {AUTH0}", line.text, step.remark)
        case LineKind.REQUEST:
            yield _message("beside-script", f"{_ACTION} → legacy system", f"{line.text} → {line.answer}", step.remark)
        case LineKind.STORE | LineKind.LOG:
            yield _message("note", f"{AUTH0}: {line.kind}", line.text, step.remark)
        case _ as unreachable:
            assert_never(unreachable)


def _message(kind: str, between: str, text: str, remark: str = "") -> Markup:
    remarks: Sequence[Content] = [" ", element("small", remark)] if remark else []
    return element("li", element("b", between), *remarks, " ", element("code", text), class_=kind)
