"""Opens the bridge of an Action, whatever form it has."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from customdb_contract.bridges.acting import ActionBridge, brings_action_bridge
from customdb_contract.secrets import SecretRegistry

if TYPE_CHECKING:
    from customdb_contract.faults import LegacyAddress

__all__ = ["opened_action"]


@contextmanager
def opened_action(
    action: object, *, mask: SecretRegistry, legacy: "LegacyAddress | None" = None
) -> Generator[ActionBridge]:
    """Open the bridge to an Action, and close it afterwards.

    Args:
        action: A function `(event, api)`, a function that returns one, or an object with `open_action`: a
            `PythonAction`.
        mask: The known secrets.
        legacy: The stand-in for the legacy system, or None.

    Yields:
        The bridge.

    Raises:
        ConfigurationError: When it is none of these.
        DatabaseOpeningError: When the Action cannot be opened.
    """
    if not brings_action_bridge(action):
        from customdb_contract.bridges.python import PythonAction  # noqa: PLC0415 - Actions in JavaScript do without

        action = PythonAction(action)
    bridge = action.open_action(mask=mask, legacy=legacy)
    try:
        yield bridge
    finally:
        bridge.close()
