"""Servers on loopback that stand in for a store that fails, and for the legacy system of an Action."""

from customdb_contract.faults._legacy import LegacyAddress, LegacySystem
from customdb_contract.faults._legacy_answers import LegacyAnswers, LegacyResponse, LegacyUser
from customdb_contract.faults._legacy_desk import ReceivedRequest
from customdb_contract.faults._meeting import Meeting
from customdb_contract.faults._passes import Passes, with_later_requests
from customdb_contract.faults._proxy import PROXY_FAULTS, FaultProxy
from customdb_contract.faults._server import FAULTS, FaultServer

__all__ = [
    "FAULTS",
    "PROXY_FAULTS",
    "FaultProxy",
    "FaultServer",
    "LegacyAddress",
    "LegacyAnswers",
    "LegacyResponse",
    "LegacySystem",
    "LegacyUser",
    "Meeting",
    "Passes",
    "ReceivedRequest",
    "with_later_requests",
]
