"""The rules of the group `profile`: what a profile contains, and that each user has one."""

from typing import Final

from customdb_contract.rules._rule import rules_in
from customdb_contract.rules.profile import _attributes, _emails, _identity, _metadata, _shape, _sharing, _user_ids

__all__ = ["RULES"]

RULES: Final = rules_in(_user_ids, _identity, _sharing, _emails, _attributes, _shape, _metadata)
