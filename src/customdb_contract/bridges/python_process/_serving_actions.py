"""Runs in the process of an Action in Python: it runs the Action there, and reports what it did."""

import json
import os
from collections.abc import Mapping
from typing import Any, Final

from typing_extensions import override

from customdb_contract._runner._guard import guarded
from customdb_contract._runner._limits import MAX_API_CALLS, MAX_ARGUMENTS, MAX_OBSERVATIONS, MAX_OUTPUT
from customdb_contract._runner._opening import NotThereError, find_attribute
from customdb_contract._runner._reading import encode_error
from customdb_contract.bridges.acting import ActionBridge, Performed
from customdb_contract.bridges.python import PythonAction
from customdb_contract.bridges.python_process._lines import Lines
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import ActionInfo, Handler, to_json

__all__ = ["main", "serve"]

_BROKEN: Final = 70
_LATER: Final = ("customdb_contract.bridges.python._worker",)

_exit = os._exit
"""The original, from before the Action was loaded."""


class _NoSecrets(SecretRegistry):
    """Masks nothing: the parent process does, and knows more secrets."""

    @override
    def mask(self, text: str) -> str:
        return text


class _Server:
    def __init__(self, control: int, ready: int) -> None:
        self._lines = Lines(control)
        self._ready = ready
        self._bridge: ActionBridge | None = None

    def serve(self) -> None:
        while (message := self._lines.next()) is not None:
            if "open" in message:
                self._lines.begin_with(message["open"]["token"])
                self._lines.tell({"opened": self._opened(message["open"])})
            elif "call" in message:
                self._lines.tell(self._performed(message["call"]))
            elif "close" in message:
                if self._bridge is not None:
                    self._bridge.close()
                self._lines.tell({"closed": None})
                return
            else:
                raise ValueError

    def _opened(self, order: Mapping[str, Any]) -> Mapping[str, object]:
        os.read(self._ready, 1)
        try:
            found = find_attribute(order["module"], order["attribute"], order["folders"], later=_LATER)
        except NotThereError as error:
            return {"problem": "attribute", "names": error.names}
        except BaseException as error:  # noqa: BLE001 - also SystemExit says that there is no Action
            return {"problem": "import", "error": json.loads(encode_error(error))}
        action = PythonAction(found, secrets=order["secrets"], name=order["attribute"])
        try:
            self._bridge = action.open_action(mask=_NoSecrets())
        except (ConfigurationError, DatabaseOpeningError) as error:
            return {"refused": str(error), "is_usage": isinstance(error, ConfigurationError)}
        return {"action": _described(self._bridge.info)}

    def _performed(self, order: Mapping[str, Any]) -> Mapping[str, object]:
        bridge = self._bridge
        assert bridge is not None  # noqa: S101 - nothing is run before it was opened
        if order["renew"]:
            bridge.renew()
        performed = bridge.perform(Handler(order["handler"]), order["event"], seconds=order["seconds"])
        return {"id": order["id"], "run": _told(performed)}


def _described(info: ActionInfo) -> Mapping[str, object]:
    facts = [[fact.kind.value, fact.text, fact.location] for fact in info.source or ()]
    return {
        "name": info.name,
        "problem": info.problem,
        "location": info.location,
        "source": facts,
        "handlers": list(info.handlers),
    }


def _told(performed: Performed) -> Mapping[str, object]:
    outcome = performed.outcome
    return {
        "ended": outcome.ending.value,
        "raised": None if outcome.raised is None else to_json(outcome.raised),
        "escape": outcome.escape.value,
        "output": outcome.output[:MAX_OUTPUT],
        "observations": [{"kind": one.kind.value, "text": one.text} for one in outcome.observations[:MAX_OBSERVATIONS]],
        "seconds": outcome.duration,
        "calls": [
            {
                "path": call.path,
                "arguments": [to_json(one) for one in call.arguments[:MAX_ARGUMENTS]],
                "late": call.late,
            }
            for call in performed.calls[:MAX_API_CALLS]
        ],
    }


def serve(control: int, ready: int) -> None:
    """Serve until the other side closes the Action, or the socket.

    Args:
        control: The descriptor of the socket.
        ready: The descriptor of the guard, see `watch_over`.
    """
    try:
        _Server(control, ready).serve()
    except BaseException:  # noqa: BLE001 - the Action has broken the interpreter: the other side sees that it ends
        _exit(_BROKEN)


def main() -> None:
    """Serve the Action of the container whose descriptors `life` and `control` are the arguments."""
    serve(*guarded())
