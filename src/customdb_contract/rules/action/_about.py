"""Shared by the rules about Actions: their needs, and a decorator."""

from functools import partial
from typing import Final

from customdb_contract.findings import Group, Need
from customdb_contract.rules._rule import rule
from customdb_contract.transcript import LegacyState

__all__ = ["ASKING", "NO_ANSWER", "RUNNING", "action_rule"]


RUNNING: Final = (Need.ACTION,)
ASKING: Final = (Need.ACTION, Need.ASKING_ACTION)

NO_ANSWER: Final = frozenset({LegacyState.SILENCE, LegacyState.STALL})
"""The outages in which the legacy system never responds, or never ends its response."""

action_rule: Final = partial(rule, group=Group.ACTION, scripts=(), actions=True)
"""`rule` for the group `action`: it judges runs of an Action, and no script."""
