"""The interpreter's warnings about a script in the same process: kept with its call, and masked elsewhere."""

import gc
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from typing_extensions import override

from customdb_contract import Connection, NotFound
from customdb_contract.bridges.python import PythonDatabase
from customdb_contract.contract import Script
from customdb_contract.secrets import Secret, SecretRef, SecretRegistry

PASSWORD = "correct horse"
Open = Callable[[Callable[[], object]], PythonDatabase]


class Bad:
    def __init__(self, text: str) -> None:
        self.text = text

    @override
    def __repr__(self) -> str:
        raise ValueError

    def __del__(self) -> None:
        raise LookupError(self.text)


@pytest.fixture
def opened() -> Iterator[Open]:
    with ExitStack() as stack:

        def open_it(body: Callable[[], object]) -> PythonDatabase:
            class Shop:
                def get_user(self, identifier: str) -> NotFound:
                    body()
                    return NotFound()

            mask = SecretRegistry()
            mask.add(Secret(PASSWORD), SecretRef.parse("password of ada"))
            bridge = PythonDatabase(Shop(), connection=Connection(), mask=mask)
            stack.callback(bridge.close)
            return bridge

        yield open_it


def output_of(bridge: PythonDatabase) -> str:
    return bridge.call(Script.GET_USER, ["ada"]).output


def test_a_warning_belongs_to_the_call(opened: Open, recwarn: pytest.WarningsRecorder) -> None:
    bridge = opened(lambda: warnings.warn(f"old: {PASSWORD}", stacklevel=1))
    warnings.simplefilter("always")

    assert "UserWarning: old: «password of ada»" in output_of(bridge)
    assert not recwarn.list


def test_warnings_of_others_pass(
    opened: Open, recwarn: pytest.WarningsRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings.simplefilter("always")
    bridge = opened(lambda: None)
    output_of(bridge)

    warnings.warn("ours", stacklevel=1)
    assert [str(warning.message) for warning in recwarn.list] == ["ours"]

    seen: list[object] = []
    monkeypatch.setattr(warnings, "showwarning", lambda *arguments: seen.append(arguments[0]))
    output_of(bridge)
    warnings.warn("shown by another", stacklevel=1)
    assert [str(message) for message in seen] == ["shown by another"]


def test_an_uncatchable_exception_belongs_to_the_call(opened: Open) -> None:
    bridge = opened(lambda: Bad(PASSWORD))

    output = output_of(bridge)

    assert output.startswith("Exception ignored in: <function Bad.__del__ at ")
    assert output.endswith("LookupError: «password of ada»\n")


def test_a_late_uncatchable_exception_is_masked(
    opened: Open, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: seen.append(unraisable.exc_value.args))
    kept: list[Any] = []
    output_of(opened(lambda: kept.extend([Bad(PASSWORD), Bad("harmless")])))

    kept.clear()
    gc.collect()

    assert "LookupError: «password of ada»" in capsys.readouterr().err
    assert seen == [("harmless",)]


def test_everything_is_given_back(opened: Open) -> None:
    before = (warnings.showwarning, sys.unraisablehook, threading.excepthook, sys.stdout, sys.stderr)
    bridge = opened(lambda: None)
    output_of(bridge)
    assert warnings.showwarning is not before[0]
    assert sys.unraisablehook is not before[1]

    bridge.close()

    assert (warnings.showwarning, sys.unraisablehook, threading.excepthook, sys.stdout, sys.stderr) == before
