"""Measures the JavaScript runner's code coverage in its own tests."""

import subprocess
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from socket import SHUT_RDWR
from typing import Final
from unittest.mock import patch

import pytest

from customdb_contract.bridges.containers import Container, guarded
from customdb_contract.bridges.node import _action_bridge, _bridge

__all__ = ["measured_runner"]

_MEASURE: Final = Path(__file__).parent / "javascript_tools" / "measure.cjs"
_OF_RUNNER: Final = (
    "test_action_redirect",
    "test_bridge_node",
    "test_node_",
    "test_runner_limits",
    "test_runner_messages",
)
_FORBIDDING: Final = ("--allow-", "--experimental-permission", "--permission")
_ENDING_SECONDS: Final = 3.0


@contextmanager
def measured_runner(item: pytest.Item) -> Generator[None]:
    """Make each Node process started by a test of the runner measure itself; it may then write files.

    Tests of code built on the runner, and of Node's restrictions, are not measured.

    Args:
        item: The test.
    """
    if not item.path.name.startswith(_OF_RUNNER):
        yield
        return
    with ExitStack() as patches:
        # A process started by another kind of test may also end in this one.
        patches.enter_context(patch.object(Container, "end", _end_when_measured))
        if item.get_closest_marker("forbidden_by_node") is None:
            for bridge in (_action_bridge, _bridge):
                patches.enter_context(patch.object(bridge, "guarded", _measured))
        yield


_end: Final = Container.end


def _end_when_measured(container: Container) -> None:
    # A runner whose socket is closed ends itself; one that is blocked is killed, and not measured.
    with suppress(OSError):
        container._socket.shutdown(SHUT_RDWR)
    with suppress(subprocess.TimeoutExpired):
        container._process.wait(_ENDING_SECONDS)
    _end(container)


def _measured(command: Sequence[str]) -> Callable[[int, int], Sequence[str]]:
    node, *flags = [word for word in command if not word.startswith(_FORBIDDING)]
    return guarded([node, "--require", str(_MEASURE), *flags])
