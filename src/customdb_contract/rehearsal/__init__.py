"""Rehearsals: lives of users, played on a simulated tenant and printed as stories."""

from customdb_contract.rehearsal._catalogue import SCENARIOS, find_scenario
from customdb_contract.rehearsal._playing import Performance, RehearsalInterrupted, Setting, rehearse
from customdb_contract.rehearsal._scenario import Needs, Scenario
from customdb_contract.rehearsal._stage import AnotherUserError, Ledger, NewPerson, Stage

__all__ = [
    "SCENARIOS",
    "AnotherUserError",
    "Ledger",
    "Needs",
    "NewPerson",
    "Performance",
    "RehearsalInterrupted",
    "Scenario",
    "Setting",
    "Stage",
    "find_scenario",
    "rehearse",
]
