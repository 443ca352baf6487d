"""The rules of the group `outcome`: each call ends the way Auth0 documents for its situation."""

from typing import Final

from customdb_contract.rules._rule import rules_in
from customdb_contract.rules.outcome import (
    _change_password,
    _create,
    _delete,
    _get_user,
    _hiding,
    _login,
    _refusing,
    _scripts,
    _verify,
)

__all__ = ["RULES"]

RULES: Final = rules_in(_login, _get_user, _scripts, _create, _change_password, _verify, _delete, _refusing, _hiding)
