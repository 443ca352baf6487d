"""The rules of the group `migration`: what must hold so that people move to Auth0 whole."""

from typing import Final

from customdb_contract.rules._rule import rules_in
from customdb_contract.rules.migration import _import_mode

__all__ = ["RULES"]

RULES: Final = rules_in(_import_mode)
