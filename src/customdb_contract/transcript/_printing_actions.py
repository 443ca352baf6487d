"""Prints the parts of a transcript that are about Actions in the one-line notation."""

from collections.abc import Iterator

from customdb_contract.transcript._actions import ActionRun, ApiCall, LegacyRequest
from customdb_contract.transcript._header import UNKNOWN, Handler
from customdb_contract.transcript._notation import token
from customdb_contract.transcript._printing_calls import print_run_outcome
from customdb_contract.transcript._values import json_text

__all__ = ["api_call_parts", "request_parts", "run_parts"]


def run_parts(run: ActionRun) -> Iterator[str]:
    """Yield the parts of a line for a run of an Action.

    Args:
        run: The run.
    """
    yield f"run {token(run.action)}"
    if run.handler is Handler.CONTINUE:
        yield "continued"
    if run.person != UNKNOWN:
        yield f"of {token(run.person)}"
    yield f"in {run.situation}"
    if run.legacy is not None:
        yield f"legacy {run.legacy}"
    if run.follows is not None:
        yield f"follows {run.follows}"
    yield f"{json_text(run.event)} -> {print_run_outcome(run.outcome)}"


def api_call_parts(call: ApiCall) -> Iterator[str]:
    """Yield the parts of a line for a call of `api`.

    Args:
        call: The call.
    """
    yield f"api {call.path}({', '.join(map(json_text, call.arguments))})"
    if call.late:
        yield "late"


def request_parts(request: LegacyRequest) -> Iterator[str]:
    """Yield the parts of a line for a request to the legacy system.

    Args:
        request: The request.
    """
    yield f"request {request.method} {token(request.url)}"
    if request.headers:
        yield f"headers={json_text(request.headers)}"
    if request.body is not None:
        yield f"body={token(request.body)}"
    if request.late:
        yield "late"
    if request.answer is not None:
        body = "" if request.answer.body is None else f" with {json_text(request.answer.body)}"
        yield f"-> {request.answer.status}{body}"
