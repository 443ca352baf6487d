"""The cost of calling a script in JavaScript: one Node for thousands of calls, and the time of a script that hangs."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.echoing import echoing
from benchmarks.timing import Measured, ratio, seconds
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.bridges.node._bridge import NodeBridge
from customdb_contract.bridges.node._runtime import find_runtime
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry

_SCRIPT: Final = """
function getUser(email, callback) {
  if (email === 'hang') while (true) {}
  callback(null, { user_id: '7', email, app_metadata: { plan: 'full' } });
}
"""
_ECHO: Final = "process.stdin.on('data', (bytes) => process.stdout.write(bytes))"
_TIME_LIMIT: Final = 0.5


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios.

    Args:
        brief: Whether a rough result is enough.
    """
    registry = SecretRegistry()
    registry.add(Secret("correct horse battery"), SecretRef(SecretKind.PASSWORD, "ada"))
    number, repeat = (200, 3) if brief else (2000, 7)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "get_user.js").write_text(_SCRIPT, encoding="utf-8")
        database = NodeDatabase(folder)
        bridge = database.open_bridge(connection=Connection(), mask=registry, timeout=_TIME_LIMIT)
        try:
            call = partial(bridge.call, Script.GET_USER, ("ada@example.com",))
            path = find_runtime().path
            with echoing([path, "--eval", _ECHO]) as round_trip:
                yield Measured(
                    "a call of a trivial script, in round trips of bytes that Node echoes",
                    ratio(call, round_trip, number=number, repeat=repeat),
                    at_most=12.0,
                )
            # On an idle machine, most of the time of a call is waking up, so there are no bounds.
            taken = seconds(call, number=number, repeat=repeat)
            calls = "a call of a trivial script: calls per second"
            yield Measured(calls, 1 / taken, at_least=None if brief else 5000.0)
            started = seconds(partial(_start_node, path), repeat=repeat)
            starts = "starting Node for each call, in calls through the persistent one"
            yield Measured(starts, started / taken, at_least=None if brief else 500.0)
            hung = _hang(bridge)
            yield Measured("a script that hangs: milliseconds beyond its time limit", hung * 1000, at_most=300.0)
        finally:
            bridge.close()


def _start_node(path: str) -> None:
    """Do the work for each call without a persistent process."""
    subprocess.run([path, "--eval", _SCRIPT], check=True)  # the script itself is not even called


def _hang(bridge: NodeBridge) -> float:
    started = time.perf_counter()
    bridge.call(Script.GET_USER, ("hang",))
    return time.perf_counter() - started - _TIME_LIMIT
