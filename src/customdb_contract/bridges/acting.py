"""Bridges to Actions: they run the handler of a post-login Action, in whatever language it is written."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from attrs import frozen
from typing_extensions import TypeIs

from customdb_contract.actions import SeenCall
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import ActionInfo, Handler, Outcome

if TYPE_CHECKING:
    from customdb_contract.faults import LegacyAddress

__all__ = ["ActionBridge", "BridgedAction", "Performed", "brings_action_bridge"]


@frozen
class Performed:
    """Everything that one run of an Action did.

    Args:
        outcome: How it ended, what it printed, and what was noticed of it; without callbacks.
        calls: Its calls of `api`, in order.
    """

    outcome: Outcome
    calls: tuple[SeenCall, ...] = ()


class ActionBridge(Protocol):
    """Runs one Action. It is used from one thread and closed at the end."""

    @property
    def info(self) -> ActionInfo:
        """What is known about the Action without running it."""
        ...

    def perform(self, handler: Handler, event: Mapping[str, object], *, seconds: float) -> Performed:
        """Run a handler, and wait until its promise is resolved or its time is up.

        Args:
            handler: One of those that `info` names.
            event: The event as Auth0 sends it, as plain JSON data and without `secrets`, which the bridge adds.
            seconds: How long the run may take.

        Returns:
            What it did, as recorded values with secrets masked. Nothing that an Action does raises here.

        Raises:
            DatabaseOpeningError: When an earlier run ended its process, and the Action could not be loaded again.
        """
        ...

    def renew(self) -> None:
        """Give the next run a freshly loaded module and an empty `api.cache`."""
        ...

    def close(self) -> None:
        """Release the Action and its process; it raises nothing, and the bridge cannot be used afterwards."""
        ...


class BridgedAction(Protocol):
    """An Action that brings its own bridge; any other is a function in Python."""

    def open_action(self, *, mask: SecretRegistry, legacy: "LegacyAddress | None" = None) -> ActionBridge:
        """Open the bridge.

        Args:
            mask: The known secrets; the Action adds its own.
            legacy: The stand-in for the legacy system, or None.

        Raises:
            DatabaseOpeningError: When it cannot be opened.
        """
        ...


def brings_action_bridge(action: object) -> TypeIs[BridgedAction]:
    """Tell whether an Action brings its own bridge; like `brings_bridge`, this checks the class.

    Args:
        action: The Action, as passed to `check_action`.
    """
    return hasattr(type(action), "open_action")
