"""The rules of the group `callback`: each call ends exactly once, in time, and in a way that Auth0 documents."""

from typing import Final

from customdb_contract.rules._rule import rules_in
from customdb_contract.rules.callback import _arguments, _calling, _container, _errors, _raising, _source

__all__ = ["RULES"]

RULES: Final = rules_in(_calling, _raising, _errors, _arguments, _container, _source)
