"""The rules of the group `security`: user input is not trusted, and secrets stay secret."""

from typing import Final

from customdb_contract.rules._rule import rules_in
from customdb_contract.rules.security import (
    _enumeration,
    _identifiers,
    _injection,
    _leaks,
    _passwords,
    _source,
    _storage,
    _transport,
    _verification,
)

__all__ = ["RULES"]

RULES: Final = rules_in(
    _injection, _passwords, _identifiers, _transport, _source, _enumeration, _leaks, _verification, _storage
)
