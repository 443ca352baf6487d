"""Measuring which code of the JavaScript runner its tests run, while coverage is measured."""

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
    """Have each process of Node that a test of the runner starts measure itself; it is then not forbidden to write.

    What is built on the runner is tested without that, and so is what Node forbids.

    Args:
        item: The test, of whatever.
    """
    if not item.path.name.startswith(_OF_RUNNER):
        yield
        return
    with ExitStack() as patches:
        # Also what a test of another kind has started may end in this one.
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
