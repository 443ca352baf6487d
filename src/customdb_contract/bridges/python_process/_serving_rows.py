"""Runs in the process of a function that creates profiles: it calls the function for one row after another."""

import base64
import datetime as dt
import decimal
import inspect
import json
import os
import pickle
import uuid
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from customdb_contract._runner._guard import guarded
from customdb_contract._runner._opening import NotThereError, find_attribute
from customdb_contract._runner._reading import encode_error
from customdb_contract.bridges.making import NotMade, ProfileOf, Row, profile_made
from customdb_contract.bridges.python_process._lines import Lines
from customdb_contract.bridges.python_process._tagging import tagged

__all__ = ["main", "serve"]

_BROKEN: Final = 70

_VALUES: Final = (dt, decimal, uuid, zoneinfo)
"""The modules of values in rows, imported before your folder is searched."""

# The originals, from before the function was loaded.
_exit, _decode, _unpickle, _dumps = os._exit, base64.b64decode, pickle.loads, json.dumps


class _Server:
    def __init__(self, control: int, ready: int) -> None:
        self._lines = Lines(control)
        self._ready = ready
        self._function: ProfileOf | None = None

    def serve(self) -> None:
        while (message := self._lines.next()) is not None:
            if "open" in message:
                self._lines.begin_with(message["open"]["token"])
                self._lines.tell({"opened": self._opened(message["open"])})
            elif "rows" in message:
                for made in self._made(message["rows"]):
                    self._lines.write(made)
            elif "close" in message:
                self._lines.tell({"closed": None})
                return
            else:
                raise ValueError

    def _opened(self, order: Mapping[str, Any]) -> Mapping[str, object]:
        os.read(self._ready, 1)
        try:
            found = find_attribute(order["module"], order["attribute"], order["folders"], later=())
        except NotThereError as error:
            return {"problem": "attribute", "names": error.names}
        except BaseException as error:  # noqa: BLE001 - even SystemExit means that there is no function
            return {"problem": "import", "error": json.loads(encode_error(error))}
        if not callable(found) or inspect.iscoroutinefunction(found):
            return {"problem": "no-function"}
        self._function = found
        return {}

    def _made(self, order: Mapping[str, Any]) -> Iterator[str]:
        function = self._function
        assert function is not None  # noqa: S101 - no rows are sent before it is opened
        rows = cast("Sequence[Row]", _unpickle(_decode(order["rows"])))
        for number, row in enumerate(rows, order["first"]):
            yield _told(number, profile_made(function, row))


def _told(number: int, made: Mapping[str, object] | NotMade) -> str:
    if isinstance(made, NotMade):
        return _dumps({"id": number, "made": {"problem": made.problem}})
    try:
        return _dumps({"id": number, "made": {"profile": made}})
    except TypeError:  # It contains a value that JSON does not have.
        return _dumps({"id": number, "made": {"tagged": tagged(made)}})


def serve(control: int, ready: int) -> None:
    """Serve until the other side has no more rows, or closes the socket.

    Args:
        control: The descriptor of the socket.
        ready: The descriptor of the guard, see `watch_over`.
    """
    try:
        _Server(control, ready).serve()
    except BaseException:  # noqa: BLE001 - the function has broken the interpreter: the other side sees that it ends
        _exit(_BROKEN)


def main() -> None:
    """Serve the function of the container whose descriptors `life` and `control` are the arguments."""
    serve(*guarded())
