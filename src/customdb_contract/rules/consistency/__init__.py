"""The rules of the group `consistency`: login and get_user agree on the same users."""

from typing import Final

from customdb_contract.rules._rule import rules_in
from customdb_contract.rules.consistency import _creation, _emails, _passwords, _people, _profiles, _reading

__all__ = ["RULES"]

RULES: Final = rules_in(_profiles, _people, _creation, _passwords, _emails, _reading)
