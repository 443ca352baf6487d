"""What fails in one way after another, on loopback: an HTTP server, and a proxy in front of any other store."""

from customdb_contract.faults._proxy import PROXY_FAULTS, FaultProxy
from customdb_contract.faults._server import FAULTS, FaultServer

__all__ = ["FAULTS", "PROXY_FAULTS", "FaultProxy", "FaultServer"]
