"""Containers: scripts that run in a process of their own, of whatever language, as Auth0's own do.

The process is not trusted. It gets only the environment that it is given, what it writes is captured within bounds,
each of its messages is validated, and it and everything that it has started end with whoever started it.
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
