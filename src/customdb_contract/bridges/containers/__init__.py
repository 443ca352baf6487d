"""Containers: scripts run in a process of their own, in whatever language, as they do at Auth0.

The process is not trusted. It gets only the given environment, its output is captured within limits, each of its
messages is validated, and it ends with its owner, together with everything that it has started.
"""

from customdb_contract.bridges.containers._bridge import ContainerBridge
from customdb_contract.bridges.containers._container import Container, ContainerDiedError, guarded
from customdb_contract.bridges.containers._database import ContainerDatabase, variable
from customdb_contract.bridges.containers._decoding import masked_output, performed_of, recorded_error
from customdb_contract.bridges.containers._messages import InvalidMessageError, Message, validated
from customdb_contract.bridges.containers._opening import OPENING_SECONDS, ask_first, reason_of

__all__ = [
    "OPENING_SECONDS",
    "Container",
    "ContainerBridge",
    "ContainerDatabase",
    "ContainerDiedError",
    "InvalidMessageError",
    "Message",
    "ask_first",
    "guarded",
    "masked_output",
    "performed_of",
    "reason_of",
    "recorded_error",
    "validated",
    "variable",
]
