"""The rules of the group `migration`: users must move to Auth0 completely."""

from typing import Final

from customdb_contract.rules._rule import rules_in
from customdb_contract.rules.migration import _interrupted, _leaving, _moving, _profiles, _retiring

__all__ = ["RULES"]

RULES: Final = rules_in(_profiles, _leaving, _moving, _interrupted, _retiring)
