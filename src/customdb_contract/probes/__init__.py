"""Probes: put a custom database into the situations that the contract covers."""

from customdb_contract.probes._faults import Faults, FaultsTogether, OutageDatabase, together
from customdb_contract.probes._made import ids_in
from customdb_contract.probes._plan import Truth, print_planned_call
from customdb_contract.probes._probe import plan_calls, probe, probe_known_users
from customdb_contract.probes._probing import DEFAULT_MAX_TIME, DEFAULT_WRONG_PASSWORDS, MAX_SECONDS, Probing
from customdb_contract.probes._stopping import StoppedEarly
from customdb_contract.probes.created_users import CreatedUser, plan_users, plan_victims
from customdb_contract.probes.driver import Driver
from customdb_contract.probes.writing import Writing

__all__ = [
    "DEFAULT_MAX_TIME",
    "DEFAULT_WRONG_PASSWORDS",
    "MAX_SECONDS",
    "CreatedUser",
    "Driver",
    "Faults",
    "FaultsTogether",
    "OutageDatabase",
    "Probing",
    "StoppedEarly",
    "Truth",
    "Writing",
    "ids_in",
    "plan_calls",
    "plan_users",
    "plan_victims",
    "print_planned_call",
    "probe",
    "probe_known_users",
    "together",
]
