"""The rules of the group `action`: requirements for a post-login Action that restores legacy metadata."""

from typing import Final

from customdb_contract.rules._rule import rules_in
from customdb_contract.rules.action import _asking, _failing, _restoring, _storing

__all__ = ["RULES"]

RULES: Final = rules_in(_restoring, _asking, _failing, _storing)
