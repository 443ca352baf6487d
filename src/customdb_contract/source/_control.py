"""Calls of the callback, and reads of the context."""

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from customdb_contract.source._shape import parameters_of
from customdb_contract.source._tree import Tree, argument_nodes, callee, field, mentions, text_of, walk
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["callbacks_inside_try", "context_fields"]

_FUNCTIONS: Final = frozenset({"arrow_function", "function_expression"})
_NOTHING: Final = frozenset({"null", "undefined"})
_GUARDS: Final = frozenset({"if_statement", "ternary_expression", "binary_expression"})


def callbacks_inside_try(tree: Tree) -> Iterator[SourceFact]:
    """Yield the calls of the callback whose failure would call it again.

    Args:
        tree: The tree of the source.
    """
    parameters = parameters_of(tree)
    if not parameters:
        return
    callback = parameters[-1]
    for node in tree.of_type("try_statement"):
        handler, body = field(node, "handler"), field(node, "body")
        if handler is not None and body is not None and any(_calls(handler, callback)):
            yield from _facts(tree, _successes(body, callback), f"{callback} inside try")
    for node in tree.of_type("call_expression"):
        chain = _caught_chain(node, callback)
        if chain is not None:
            then = [inner for inner in _then_functions(chain) if inner is not None]
            calls = [call for function in then for call in _successes(function, callback)]
            yield from _facts(tree, iter(calls), f"{callback} inside a promise chain")


def _facts(tree: Tree, calls: Iterator[Node], text: str) -> Iterator[SourceFact]:
    return (SourceFact(FactKind.CALLBACK_INSIDE_TRY, text, tree.location(call)) for call in calls)


def _calls(node: Node, callback: str) -> Iterator[Node]:
    """Yield the calls of the callback in a piece of the source, without the functions inside it."""
    inside = (field(node, "body") if node.type in _FUNCTIONS else None) or node
    return (
        inner
        for inner in walk(inside, into_functions=False)
        if inner.type == "call_expression" and callee(inner) == (callback,)
    )


def _successes(node: Node, callback: str) -> Iterator[Node]:
    for call in _calls(node, callback):
        arguments = argument_nodes(call)
        if not arguments or text_of(arguments[0]) in _NOTHING:
            yield call


def _caught_chain(call: Node, callback: str) -> Node | None:
    """Return the promise of `promise.catch(handler)` whose handler calls back, or None."""
    function = field(call, "function")
    if function is None or function.type != "member_expression":
        return None
    name, promise = field(function, "property"), field(function, "object")
    handlers = argument_nodes(call)
    if name is None or text_of(name) != "catch" or not handlers:
        return None
    handler = handlers[0]
    calls_back = text_of(handler) == callback or (handler.type in _FUNCTIONS and any(_calls(handler, callback)))
    return promise if calls_back else None


def _then_functions(promise: Node | None) -> Iterator[Node | None]:
    """Yield the functions that are passed to `then` along a chain."""
    while promise is not None and promise.type == "call_expression":
        function = field(promise, "function")
        name = None if function is None else field(function, "property")
        if name is not None and text_of(name) == "then":
            yield from (argument for argument in argument_nodes(promise)[:1] if argument.type in _FUNCTIONS)
        promise = None if function is None else field(function, "object")


def context_fields(tree: Tree) -> Iterator[SourceFact]:
    """Yield the fields of objects in `context` that are read without checking that the object is there.

    Args:
        tree: The tree of the source.
    """
    parameters = parameters_of(tree) or ()
    context = parameters[1] if len(parameters) > 1 else ""
    names = frozenset({context})
    conditions = (field(node, "condition") or field(node, "left") for node in tree.of_type(*_GUARDS))
    if any(condition is not None and mentions(condition, names) for condition in conditions):
        return
    for node in tree.of_type("member_expression"):
        inner = field(node, "object")
        is_field = inner is not None and inner.type == "member_expression" and _begins_with(inner, context)
        if is_field and "?." not in text_of(node):
            yield SourceFact(FactKind.CONTEXT_FIELD, text_of(node), tree.location(node))


def _begins_with(member: Node, name: str) -> bool:
    first = field(member, "object")
    return first is not None and first.type == "identifier" and text_of(first) == name
