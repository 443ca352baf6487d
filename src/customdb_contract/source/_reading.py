"""Reading a source: its shape first, then all other facts."""

from typing import Final

from customdb_contract.contract import Script
from customdb_contract.source import Source
from customdb_contract.source._addresses import plaintext_addresses
from customdb_contract.source._control import callbacks_inside_try, context_fields
from customdb_contract.source._input import regexes_from_input
from customdb_contract.source._modules import database_drivers, implicit_globals, unavailable_modules
from customdb_contract.source._network import calls_without_timeout, unverified_tls
from customdb_contract.source._passwords import timing_unsafe_compares, weak_password_hashes
from customdb_contract.source._readers import Readers, facts_of, unread
from customdb_contract.source._secrets import secret_literals
from customdb_contract.source._shape import parameters_of, read_shape
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["read"]

_READERS: Final[Readers] = {
    FactKind.UNAVAILABLE_MODULE: unavailable_modules,
    FactKind.IMPLICIT_GLOBAL: implicit_globals,
    FactKind.DATABASE_DRIVER: database_drivers,
    FactKind.SECRET_LITERAL: secret_literals,
    FactKind.CALL_WITHOUT_TIMEOUT: calls_without_timeout,
    FactKind.TLS_NOT_VERIFIED: unverified_tls,
    FactKind.PLAINTEXT_ADDRESS: plaintext_addresses,
    FactKind.TIMING_UNSAFE_COMPARE: timing_unsafe_compares,
    FactKind.REGEX_FROM_INPUT: regexes_from_input,
    FactKind.CALLBACK_INSIDE_TRY: callbacks_inside_try,
}
_OF_THE_SHAPE: Final = (FactKind.NOT_A_FUNCTION, FactKind.MODULE_EXPORTS, FactKind.ANONYMOUS_FUNCTION)


def read(text: str, script: Script, file_name: str, *, script_context: bool) -> Source:
    """Return the facts from the source of a script.

    Args:
        text: The source.
        script: The script.
        file_name: The name of the file in locations.
        script_context: Whether the connection passes `context` to its scripts.
    """
    size = SourceFact(FactKind.BYTES, str(len(text.encode("utf-8", "replace"))), f"{file_name}:1:1")
    readers = {**_READERS}
    if script in {Script.CREATE, Script.CHANGE_PASSWORD}:
        readers[FactKind.WEAK_PASSWORD_HASH] = weak_password_hashes
    if script is Script.DELETE and script_context:
        readers[FactKind.CONTEXT_FIELD] = context_fields
    try:
        tree, shape = read_shape(text, file_name)
    except RecursionError:
        return Source((size, *unread((*_OF_THE_SHAPE, *readers), file_name)), None)
    if any(fact.kind is FactKind.NOT_A_FUNCTION for fact in shape):
        return Source((size, *shape), None)
    return Source((size, *shape, *facts_of(tree, readers, file_name)), parameters_of(tree))
