"""The bridge to a Python database in a process of its own."""

import inspect
import logging
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, cast

from attrs import frozen
from typing_extensions import override

from customdb_contract import _runner
from customdb_contract.bridges.containers import (
    OPENING_SECONDS,
    Container,
    ContainerBridge,
    ContainerDiedError,
    InvalidMessageError,
    ask_first,
    recorded_error,
)
from customdb_contract.bridges.python._signatures import Manner, manner_of
from customdb_contract.bridges.python_process._reference import near_names
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.interrupts import current_interrupts
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Mask, RecordedError, ScriptInfo

__all__ = ["Order", "PythonProcessBridge", "needs_fault_url"]

_MAIN: Final = "import sys; sys.path.append({folder!r}); from customdb_contract._runner.main import main; main()"
_PASSED_ON: Final = (
    "PATH",
    "HOME",
    "LANG",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONUTF8",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPYCACHEPREFIX",
    "PYTHONNOUSERSITE",
    "PYTHONUSERBASE",
    "COVERAGE_PROCESS_CONFIG",
    "COVERAGE_PROCESS_START",
)
"""Environment variables that every database gets where they are set; so a team's coverage sees its adapter's lines."""

_KINDS: Final = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.VAR_KEYWORD,
)

_EXIT_SECONDS: Final = 0.5
_WHAT: Final = f"Python {platform.python_version()}"

_logger = logging.getLogger("customdb_contract")


@frozen(kw_only=True)
class Order:
    """What is to be opened.

    Args:
        module: The module's dotted name.
        attribute: The attribute's dotted name.
        folder: Where the module is looked up first.
        arguments: What the function that makes the database is given.
        settings: Its keywords.
        environment: Environment variables beside those that every database gets.
    """

    module: str
    attribute: str
    folder: str
    arguments: tuple[str, ...]
    settings: Mapping[str, object]
    environment: Mapping[str, str]


class PythonProcessBridge(ContainerBridge):
    """Runs the scripts of one database in Python.

    Args:
        order: What is to be opened.
        connection: The settings of the connection.
        mask: The known secrets, which are replaced in everything that is recorded.
        timeout: Seconds that a script may take.

    Raises:
        ConfigurationError: When there is no such module or attribute.
        DatabaseOpeningError: When the process does not start, or the database cannot be opened.
    """

    def __init__(self, order: Order, *, connection: Connection, mask: SecretRegistry, timeout: float) -> None:
        super().__init__(mask=mask, timeout=timeout)
        self._to_open = order
        self._connection = connection
        self._manners: Mapping[Script, Manner] = {}
        self._open()

    @property
    @override
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        return {script: manner.info for script, manner in self._manners.items()}

    @property
    @override
    def callback_can_throw(self) -> bool:
        return False

    @override
    def close(self) -> None:
        """Have the process close the database, and end it."""
        if self._container is not None:
            # What is pending is raised at the next safe point, not here.
            with suppress(ContainerDiedError, InvalidMessageError, KeyboardInterrupt):
                self._close_database(self._container)
        super().close()

    @property
    @override
    def _what(self) -> str:
        return _WHAT

    def _close_database(self, container: Container) -> None:
        seconds = _EXIT_SECONDS if self._interrupts.happened else OPENING_SECONDS
        told = self._asked({"close": True}, seconds)
        if told is None:
            _logger.warning("the database did not close within %g s", seconds)
            return
        if told.closed is not None:
            _logger.warning("the database could not be closed: %s", _said(recorded_error(told.closed, self._mask)))
        container.wait(_EXIT_SECONDS)

    @property
    @override
    def _can_be_cancelled(self) -> bool:
        return False

    @override
    def _start(self) -> Container:
        return Container(_command, _environment(self._to_open), interrupts=self._interrupts)

    @override
    def _order(self, token: str) -> Mapping[str, object]:
        return _message(self._to_open, token)

    @override
    def _take_opened(self, opened: Mapping[str, Any] | None) -> None:
        if opened is None:
            raise InvalidMessageError
        _raise_problem(opened, self._to_open, self._mask)
        self._manners = dict(_manners(opened, script_context=self._connection.script_context))

    @override
    def _call_of(self, script: Script) -> Mapping[str, object]:
        manner = self._manners[script]
        return {"extras": list(manner.extras), "by_keyword": sorted(manner.by_keyword)}

    @override
    def _takes_context(self, script: Script) -> bool:
        return "context" in self._manners[script].extras


def needs_fault_url(order: Order, mask: SecretRegistry) -> bool:
    """Tell whether the function that makes a database must be given an argument beside its settings.

    The module is imported in a process of its own, which ends at once.

    Args:
        order: What would be opened.
        mask: The secrets of the configuration.

    Raises:
        ConfigurationError: When there is no such module or attribute.
        DatabaseOpeningError: When the process does not start.
    """
    container = Container(_command, _environment(order), interrupts=current_interrupts())
    try:
        told = ask_first(container, {"look": _message(order, container.token)}, what=_WHAT, mask=mask.mask)
        _raise_problem(told.opened or {}, order, mask.mask)
        return bool(told.looked)
    except InvalidMessageError:
        problem = f"{order.module}:{order.attribute} could not be looked at: the runner sent what no runner sends"
        raise DatabaseOpeningError(problem) from None
    finally:
        container.end()


def _command(life: int, control: int) -> Sequence[str]:
    # The interpreter of the check, without the working directory on its path: the folder is given.
    code = _MAIN.format(folder=str(Path(_runner.__file__).parents[2]))
    return [sys.executable, "-P", "-u", "-c", code, str(life), str(control)]


def _environment(order: Order) -> Mapping[str, str]:
    passed_on = {name: value for name in _PASSED_ON if (value := os.environ.get(name)) is not None}
    return {**passed_on, **order.environment}


def _message(order: Order, token: str) -> Mapping[str, object]:
    return {
        "token": token,
        "module": order.module,
        "attribute": order.attribute,
        "folders": [order.folder, *(os.path.abspath(folder) for folder in sys.path)],  # noqa: PTH100 - texts are sent
        "arguments": list(order.arguments),
        "settings": dict(order.settings),
        "scripts": [script.value for script in Script],
    }


def _raise_problem(opened: Mapping[str, Any], order: Order, mask: Mask) -> None:
    """Raise what kept the runner from opening the database, if something did."""
    if "problem" not in opened:
        return
    reference = f"{order.module}:{order.attribute}"
    match opened["problem"]:
        case "not-callable":
            message = f"configuration is given to the function that makes the database, and {reference} is no function"
            raise ConfigurationError(message)
        case "attribute":
            names = opened.get("names")
            known = (
                [name for name in cast("list[object]", names) if isinstance(name, str)]
                if isinstance(names, list)
                else []
            )
            message = f"{order.module} has no attribute {order.attribute!r}{near_names(order.attribute, known)}"
            raise ConfigurationError(mask(message))
        case "import":
            error = recorded_error(opened.get("error"), mask)
            message = f"{order.module} cannot be imported from {order.folder}: {_said(error)}"
            raise ConfigurationError(message)
        case "opening":
            message = f"the database could not be opened: {_said(recorded_error(opened.get('error'), mask))}"
            raise DatabaseOpeningError(message)
        case _:
            raise InvalidMessageError


def _said(error: RecordedError) -> str:
    where = "" if error.location is None else f" ({error.location})"
    return f"{error.name}: {error.message}{where}"


def _manners(opened: Mapping[str, Any], *, script_context: bool) -> Iterator[tuple[Script, Manner]]:
    found = opened.get("scripts")
    if opened.get("brings_bridge") is True:
        message = (
            "the function makes a database that brings its own bridge, such as a NodeDatabase: "
            "name its folder as scripts instead, or call check() in a test"
        )
        raise ConfigurationError(message)
    if not isinstance(found, dict):
        raise InvalidMessageError
    for script in Script:
        described = cast("dict[str, object]", found).get(script)
        if described is not None:
            signature, location = _described(described)
            yield script, manner_of(script, signature, location, script_context=script_context)


def _described(described: object) -> tuple[inspect.Signature | None, str | None]:
    if not isinstance(described, dict):
        raise InvalidMessageError
    fields = cast("dict[str, object]", described)
    told, location = fields.get("parameters"), fields.get("location")
    if not isinstance(location, str | None):
        raise InvalidMessageError
    if told is None:
        return None, location
    if not isinstance(told, list):
        raise InvalidMessageError
    try:
        return inspect.Signature([_parameter(parameter) for parameter in cast("list[object]", told)]), location
    except ValueError:
        raise InvalidMessageError from None


def _parameter(told: object) -> inspect.Parameter:
    match told:
        case [str() as name, int() as kind, bool() as has_default] if kind in range(len(_KINDS)):
            default = None if has_default else inspect.Parameter.empty
            return inspect.Parameter(name, _KINDS[kind], default=default)
        case _:
            raise InvalidMessageError
