"""The syntax tree of a script, and queries on it."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

import tree_sitter_javascript
from attrs import frozen
from tree_sitter import Language, Node, Parser

__all__ = [
    "Tree",
    "argument_nodes",
    "callee",
    "field",
    "literal",
    "mentions",
    "parse",
    "property_name",
    "text_of",
    "walk",
]

_LANGUAGE: Final = Language(tree_sitter_javascript.language())
_FUNCTIONS: Final = frozenset(
    {"function_expression", "arrow_function", "function_declaration", "generator_function", "method_definition"}
)
_JUMPS: Final = frozenset({"return_statement", "throw_statement", "break_statement", "continue_statement"})
_NAMES: Final = frozenset({"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"})


def text_of(node: Node) -> str:
    """Return the text of a node in the source.

    Args:
        node: The node.
    """
    return (node.text or b"").decode("utf-8", "replace")


def field(node: Node, name: str) -> Node | None:
    """Return the child of a node that has a name in the grammar, or None.

    Args:
        node: The node.
        name: The field's name.
    """
    return node.child_by_field_name(name)


def walk(node: Node, *, into_functions: bool = True) -> Iterator[Node]:
    """Yield a node and all reachable nodes below it, in order.

    Args:
        node: The node to begin with.
        into_functions: Whether to enter functions inside it.
    """
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        children = [child for child in _reachable_children(current) if into_functions or child.type not in _FUNCTIONS]
        waiting.extend(reversed(children))


def _reachable_children(node: Node) -> Iterator[Node]:
    if node.type == "if_statement":
        yield from _reachable_branches(node)
        return
    for child in node.named_children:
        yield child
        if node.type in {"statement_block", "program"} and child.type in _JUMPS:
            # Later statements are unreachable, except functions, which are hoisted.
            later = (other for other in node.named_children if other.start_byte > child.start_byte)
            yield from (other for other in later if other.type == "function_declaration")
            return


def _reachable_branches(node: Node) -> Iterator[Node]:
    condition, then, otherwise = (field(node, name) for name in ("condition", "consequence", "alternative"))
    said = text_of(condition).strip("() ") if condition is not None else ""
    branches = (condition, None if said == "false" else then, None if said == "true" else otherwise)
    yield from (branch for branch in branches if branch is not None)


def callee(call: Node) -> tuple[str, ...]:
    """Return the parts of the called name: `("http", "get")` for `http.get(…)`; empty if it is not a name.

    Args:
        call: A call or a `new` expression.
    """
    function = field(call, "function") or field(call, "constructor")
    return () if function is None else _name_parts(function)


def _name_parts(node: Node) -> tuple[str, ...]:
    if node.type in {"identifier", "this"}:
        return (text_of(node),)
    if node.type != "member_expression":
        return ()
    inner, name = field(node, "object"), field(node, "property")
    above = () if inner is None else _name_parts(inner)
    return (*above, text_of(name)) if above and name is not None else ()


def argument_nodes(call: Node) -> tuple[Node, ...]:
    """Return the arguments of a call.

    Args:
        call: A call or a `new` expression.
    """
    arguments = field(call, "arguments")
    if arguments is None or arguments.type != "arguments":
        return ()
    return tuple(child for child in arguments.named_children if child.type != "comment")


def literal(node: Node | None) -> str | None:
    """Return the content of a string without substitutions, or None for any other node.

    Args:
        node: The node.
    """
    if node is None or node.type not in {"string", "template_string"}:
        return None
    if any(child.type == "template_substitution" for child in node.named_children):
        return None
    return text_of(node)[1:-1]


def property_name(pair: Node) -> str:
    """Return the name of a property in an object.

    Args:
        pair: A `key: value` of an object.
    """
    key = field(pair, "key")
    return "" if key is None else text_of(key).strip("'\"")


def mentions(node: Node, names: frozenset[str]) -> bool:
    """Tell whether a piece of the source contains any of some identifiers.

    Args:
        node: The piece.
        names: The identifiers.
    """
    return any(inner.type in _NAMES and text_of(inner) in names for inner in walk(node))


@frozen(slots=False)
class Tree:
    """The syntax tree of one script.

    Args:
        root: The root of the tree.
        function: The script's function, or None.
        file_name: The name of the file in locations.
        first_row: The row of the tree that is the first line of the file.
    """

    root: Node
    function: Node | None
    file_name: str
    first_row: int

    def location(self, node: Node) -> str:
        """Return where a node begins: file, line and column.

        Args:
            node: The node.
        """
        row, column = node.start_point
        return f"{self.file_name}:{row - self.first_row + 1}:{column + 1}"

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All reachable nodes, in order."""
        unused = [node for node in walk(self.root) if self._is_unused(node)]
        inside = {node.id for function in unused for node in walk(function)}
        return tuple(node for node in walk(self.root) if node.id not in inside)

    def of_type(self, *types: str) -> Iterator[Node]:
        """Yield the reachable nodes of some types, in order.

        Args:
            types: Names of the grammar, for example `call_expression`.
        """
        return (node for node in self.nodes if node.type in types)

    @cached_property
    def values(self) -> Mapping[str, Node]:
        """The initial values of variables that are assigned only once."""
        found: dict[str, Node | None] = {}
        for node in walk(self.root):
            name = field(node, "name") if node.type == "variable_declarator" else None
            name = field(node, "left") if node.type == "assignment_expression" else name
            value = field(node, "value") or field(node, "right")
            if name is not None and name.type == "identifier" and value is not None:
                found[text_of(name)] = None if text_of(name) in found else value
        return {name: value for name, value in found.items() if value is not None}

    @cached_property
    def functions(self) -> frozenset[str]:
        """The names of the functions that the script declares, and of its callback."""
        named = [field(node, "name") for node in walk(self.root) if node.type == "function_declaration"]
        parameters = None if self.function is None else field(self.function, "parameters")
        callback = [] if parameters is None else parameters.named_children[-1:]
        return frozenset(text_of(node) for node in (*named, *callback) if node is not None)

    @cached_property
    def declared(self) -> frozenset[str]:
        """Every name that the script declares anywhere."""
        kinds = {"variable_declarator": "name", "function_declaration": "name", "catch_clause": "parameter"}
        named = [field(node, kinds[node.type]) for node in walk(self.root) if node.type in kinds]
        lists = [node for node in walk(self.root) if node.type == "formal_parameters"]
        single = [field(node, "parameter") for node in walk(self.root) if node.type == "arrow_function"]
        places = [node for node in (*named, *lists, *single) if node is not None]
        return frozenset(text_of(inner) for place in places for inner in walk(place) if inner.type in _NAMES)

    def value_of(self, node: Node | None) -> Node | None:
        """Return the initial value of a variable, or the node itself if it is not a variable.

        Args:
            node: An expression.
        """
        if node is not None and node.type == "identifier":
            return self.values.get(text_of(node))
        return node

    def property_of(self, options: Node, *names: str) -> Node | None:
        """Return the value of the first of some properties that an object literal has, or None.

        Args:
            options: The object literal.
            names: The names of the properties.
        """
        for child in options.named_children:
            if child.type == "pair" and property_name(child) in names:
                return field(child, "value")
            if child.type in {"shorthand_property_identifier", "method_definition"}:
                name = field(child, "name") or child
                if text_of(name) in names:
                    return child
        return None

    def _is_unused(self, node: Node) -> bool:
        name = field(node, "name") if node.type == "function_declaration" else None
        if name is None or (self.function is not None and node.id == self.function.id):
            return False
        called = [other for other in walk(self.root) if other.type in _NAMES and text_of(other) == text_of(name)]
        return len(called) == 1


def parse(text: str) -> Node:
    """Return the root of the tree of a source.

    Args:
        text: The source.
    """
    return Parser(_LANGUAGE).parse(text.encode("utf-8", "replace")).root_node
