"""Readers that each look for one kind of fact, so that a failure of one does not affect the others."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from customdb_contract.source._tree import Tree
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["Readers", "facts_of", "unread"]

Readers: TypeAlias = Mapping[FactKind, Callable[[Tree], Iterator[SourceFact]]]
"""Functions that yield facts, by kind."""


def facts_of(tree: Tree, readers: Readers, file_name: str) -> Iterator[SourceFact]:
    """Yield the facts from a source, and the kinds of facts that could not be looked for.

    Args:
        tree: The source.
        readers: The readers.
        file_name: The name of the file in locations.
    """
    for kind, reader in readers.items():
        try:
            yield from reader(tree)
        except RecursionError:
            # No one writes expressions of a thousand levels, but generated code may have them.
            yield from unread([kind], file_name)


def unread(kinds: Iterable[FactKind], file_name: str) -> Iterator[SourceFact]:
    """Yield that some kinds of facts could not be looked for.

    Args:
        kinds: The kinds.
        file_name: The name of the file in locations.
    """
    return (SourceFact(FactKind.UNREAD, kind, f"{file_name}:1:1") for kind in kinds)
