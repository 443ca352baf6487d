"""Probes: put a custom database into the situations that the contract covers."""

from customdb_contract.probes._faults import Faults, FaultsTogether, OutageDatabase, together
from customdb_contract.probes._made import ids_in
from customdb_contract.probes._plan import Truth, print_planned_call
from customdb_contract.probes._probe import plan_calls, probe, probe_known_users
from customdb_contract.probes._probing import DEFAULT_MAX_TIME, DEFAULT_WRONG_PASSWORDS, MAX_SECONDS, Probing
from customdb_contract.probes._stopping import StoppedEarly
from customdb_contract.probes.driver import Driver
from customdb_contract.probes.writing import Newcomer, Writing, make_newcomers, make_victims

__all__ = [
    "DEFAULT_MAX_TIME",
    "DEFAULT_WRONG_PASSWORDS",
    "MAX_SECONDS",
    "Driver",
    "Faults",
    "FaultsTogether",
    "Newcomer",
    "OutageDatabase",
    "Probing",
    "StoppedEarly",
    "Truth",
    "Writing",
    "ids_in",
    "make_newcomers",
    "make_victims",
    "plan_calls",
    "print_planned_call",
    "probe",
    "probe_known_users",
    "together",
]
