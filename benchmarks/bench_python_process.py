"""The cost of calling a script in Python in a process of its own, and of starting that process."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.echoing import echoing
from benchmarks.timing import Measured, ratio, seconds
from customdb_contract.bridges.python_process import PythonProcess
from customdb_contract.bridges.python_process._bridge import PythonProcessBridge
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry

_MODULE: Final = """
class Database:
    def get_user(self, email):
        return {"user_id": "7", "email": email, "app_metadata": {"plan": "full"}}


database = Database()
"""
_ECHO: Final = """
import os
while got := os.read(0, 64):
    os.write(1, got)
"""
_TIME_LIMIT: Final = 5.0


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios.

    Args:
        brief: Whether a rough result is enough.
    """
    # Users have the bytecode, so it is written here too.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    registry = SecretRegistry()
    registry.add(Secret("correct horse battery"), SecretRef(SecretKind.PASSWORD, "ada"))
    number, repeat = (200, 3) if brief else (2000, 7)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "shop.py").write_text(_MODULE, encoding="utf-8")
        database = PythonProcess("shop:database", folder=folder)
        open_bridge = partial(database.open_bridge, connection=Connection(), mask=registry, timeout=_TIME_LIMIT)
        bridge = open_bridge()
        try:
            call = partial(bridge.call, Script.GET_USER, ("ada@example.com",))
            with echoing([sys.executable, "-c", _ECHO]) as round_trip:
                yield Measured(
                    "a call of a trivial script, in round trips of bytes that Python echoes",
                    ratio(call, round_trip, number=number, repeat=repeat),
                    # A round trip takes 3 microseconds if both processes share a core, and 60 otherwise.
                    at_most=80.0,
                )
            taken = seconds(call, number=number, repeat=repeat)
            calls = "a call of a trivial script in Python's own process: calls per second"
            yield Measured(calls, 1 / taken, at_least=None if brief else 3000.0)
        finally:
            bridge.close()
        yield Measured(
            "starting the process of a database in Python, in starts of Python alone",
            _start_ratio(open_bridge, repeat=5 if brief else 25),
            # One start is its guard, another the process itself, and both import modules.
            at_most=4.0,
        )


def _start_ratio(open_bridge: Callable[[], PythonProcessBridge], *, repeat: int) -> float:
    """Compares only the start: a program that ends does not wait for the end of a container."""
    with ExitStack() as opened:
        return ratio(lambda: opened.callback(open_bridge().close), _start_python, repeat=repeat)


def _start_python() -> None:
    subprocess.run([sys.executable, "-c", "pass"], check=True)
