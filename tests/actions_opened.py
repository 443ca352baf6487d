"""Bridges to Actions in JavaScript, for tests of their behaviour."""

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from customdb_contract.bridges.acting import ActionBridge, Performed
from customdb_contract.bridges.node import NodeAction
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Handler, Value

__all__ = ["EVENT", "PLAIN", "Open", "Opened", "called", "handler", "opening"]

EVENT: Mapping[str, object] = {"user": {"user_id": "auth0|7", "app_metadata": {}}}
PLAIN = "exports.onExecutePostLogin = async (event, api) => { api.user.setAppMetadata('plan', 'full'); };"


class Opened:
    """A bridge to one Action, and the other objects that a test needs."""

    def __init__(self, bridge: ActionBridge) -> None:
        self.bridge = bridge
        self.info = bridge.info

    def __call__(self, event: Mapping[str, object] = EVENT, *, seconds: float = 20.0) -> Performed:
        return self.bridge.perform(Handler.EXECUTE, event, seconds=seconds)


Open = Callable[..., Opened]


@contextmanager
def opening(folder: Path) -> Generator[Open]:
    """Yield a function that opens a bridge to an Action, given its source or the body of its handler."""
    with ExitStack() as stack:

        def open_it(
            source: str, *, name: str = "repair.js", mask: SecretRegistry | None = None, **options: Any
        ) -> Opened:
            text = source if "exports" in source else handler(source)
            (folder / name).write_text(text, encoding="utf-8")
            bridge = NodeAction(folder / name, **options).open_action(mask=SecretRegistry())
            stack.callback(bridge.close)
            return Opened(bridge)

        yield open_it


def handler(body: str) -> str:
    return f"exports.onExecutePostLogin = async (event, api) => {{\n{body}\n}};"


def called(performed: Performed) -> list[tuple[str, tuple[Value, ...]]]:
    return [(call.path, call.arguments) for call in performed.calls]
