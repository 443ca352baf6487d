"""What looks at a source for one kind of facts each, so that what one of them can't read costs the others nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from customdb_contract.source._tree import Tree
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["Readers", "facts_of", "unread"]

Readers: TypeAlias = Mapping[FactKind, Callable[[Tree], Iterator[SourceFact]]]
"""Functions that yield facts, by the kind that they yield."""


def facts_of(tree: Tree, readers: Readers, file_name: str) -> Iterator[SourceFact]:
    """Yield what a source shows, and which kinds of facts could not be looked for.

    Args:
        tree: The source.
        readers: What looks at it.
        file_name: What the file is called in locations.
    """
    for kind, reader in readers.items():
        try:
            yield from reader(tree)
        except RecursionError:
            # Nobody writes expressions of a thousand levels, but what makes sources may.
            yield from unread([kind], file_name)


def unread(kinds: Iterable[FactKind], file_name: str) -> Iterator[SourceFact]:
    """Yield that kinds of facts could not be looked for.

    Args:
        kinds: The kinds.
        file_name: What the file is called in locations.
    """
    return (SourceFact(FactKind.UNREAD, kind, f"{file_name}:1:1") for kind in kinds)
