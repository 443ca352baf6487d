"""Reading a source: its shape first, then everything else that it shows."""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from customdb_contract.contract import Script
from customdb_contract.source import Source
from customdb_contract.source._addresses import plaintext_addresses
from customdb_contract.source._control import callbacks_inside_try, context_fields
from customdb_contract.source._input import regexes_from_input
from customdb_contract.source._modules import database_drivers, implicit_globals, unavailable_modules
from customdb_contract.source._network import calls_without_timeout, unverified_tls
from customdb_contract.source._passwords import timing_unsafe_compares, weak_password_hashes
from customdb_contract.source._secrets import secret_literals
from customdb_contract.source._shape import parameters_of, read_shape
from customdb_contract.source._tree import Tree
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["read"]

_Reader: TypeAlias = Callable[[Tree], Iterator[SourceFact]]

_READERS: Final[tuple[_Reader, ...]] = (
    unavailable_modules,
    implicit_globals,
    database_drivers,
    secret_literals,
    calls_without_timeout,
    unverified_tls,
    plaintext_addresses,
    timing_unsafe_compares,
    regexes_from_input,
    callbacks_inside_try,
)


def read(text: str, script: Script, file_name: str, *, script_context: bool) -> Source:
    """Return what the source of a script shows.

    Args:
        text: The source.
        script: The script that it is of.
        file_name: What the file is called in locations.
        script_context: Whether the connection passes `context` to its scripts.
    """
    size = SourceFact(FactKind.BYTES, str(len(text.encode("utf-8", "replace"))), f"{file_name}:1:1")
    try:
        tree, shape = read_shape(text, file_name)
        if any(fact.kind is FactKind.NOT_A_FUNCTION for fact in shape):
            return Source((size, *shape), None)
        readers = [*_READERS]
        if script in {Script.CREATE, Script.CHANGE_PASSWORD}:
            readers.append(weak_password_hashes)
        if script is Script.DELETE and script_context:
            readers.append(context_fields)
        found = [fact for reader in readers for fact in reader(tree)]
        return Source((size, *shape, *found), parameters_of(tree))
    except RecursionError:
        # Nobody writes expressions of a thousand levels; what they would show stays unsaid.
        return Source((size,), None)
