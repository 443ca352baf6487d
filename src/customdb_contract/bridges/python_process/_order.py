"""What a Python process opens, and the errors if that fails."""

import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from attrs import frozen

from customdb_contract import _runner
from customdb_contract.bridges.containers import Container, InvalidMessageError, recorded_error
from customdb_contract.bridges.references import clashing_names, near_names
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.interrupts import Interrupts
from customdb_contract.transcript import Mask, RecordedError, absent_module

__all__ = ["WHAT", "Order", "message_of", "raise_problem", "said", "started"]

WHAT: Final = f"Python {platform.python_version()}"
"""What runs in the process, for messages."""

_MAIN: Final = "import sys; sys.path.append({folder!r}); from {module} import main; main()"
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
"""Environment variables that every database receives if set, so that coverage sees the lines of an adapter."""


@frozen(kw_only=True)
class Order:
    """What to open.

    Args:
        module: The module's dotted name.
        attribute: The attribute's dotted name.
        folder: The folder to search for the module first.
        arguments: The positional arguments of the function that creates the database.
        settings: Its keyword arguments.
        environment: Environment variables in addition to those that every database receives.
    """

    module: str
    attribute: str
    folder: str
    arguments: tuple[str, ...]
    settings: Mapping[str, object]
    environment: Mapping[str, str]


def started(order: Order, runner: str, interrupts: Interrupts) -> Container:
    """Start the process of an order.

    Args:
        order: What to open.
        runner: The module whose function `main` serves.
        interrupts: Ends waiting for the process.

    Raises:
        DatabaseOpeningError: When it does not start.
    """
    try:
        return Container(command_of(runner), environment_of(order), interrupts=interrupts)
    except OSError as error:
        message = f"{WHAT} could not be started: {error.strerror or error}"
        raise DatabaseOpeningError(message) from None


def command_of(module: str) -> Callable[[int, int], Sequence[str]]:
    """Return the command that starts Python with a runner in it.

    Args:
        module: The module whose function `main` serves.
    """

    def command(life: int, control: int) -> Sequence[str]:
        # The interpreter of the check, without the working directory on its path: the folder is passed separately.
        code = _MAIN.format(folder=str(Path(_runner.__file__).parents[2]), module=module)
        return [sys.executable, "-P", "-u", "-c", code, str(life), str(control)]

    return command


def environment_of(order: Order) -> Mapping[str, str]:
    """Return all environment variables that the process receives.

    Args:
        order: What to open.
    """
    passed_on = {name: value for name in _PASSED_ON if (value := os.environ.get(name)) is not None}
    return {**passed_on, **order.environment}


def message_of(order: Order, token: str) -> Mapping[str, object]:
    """Return the data that a runner needs to open something.

    Args:
        order: What to open.
        token: The token that starts each of its lines.
    """
    return {
        "token": token,
        "module": order.module,
        "attribute": order.attribute,
        "folders": [order.folder, *(os.path.abspath(folder) for folder in sys.path)],  # noqa: PTH100 - texts are sent
        "arguments": list(order.arguments),
        "settings": dict(order.settings),
        "scripts": [script.value for script in Script],
    }


def raise_problem(opened: Mapping[str, Any], order: Order, mask: Mask) -> None:
    """Raise the error that kept a runner from opening something, if there is one.

    Args:
        opened: The runner's report.
        order: What was opened.
        mask: Replaces the secrets.

    Raises:
        ConfigurationError: When there is no such module or attribute.
        DatabaseOpeningError: When opening it failed.
        InvalidMessageError: When the report is not valid.
    """
    if "problem" not in opened:
        return
    reference = f"{order.module}:{order.attribute}"
    match opened["problem"]:
        case "not-callable":
            message = (
                f"configuration is passed to the function that creates the database, but {reference} is not a function"
            )
            raise ConfigurationError(message)
        case "attribute":
            names = opened.get("names")
            known = (
                [name for name in cast("list[object]", names) if isinstance(name, str)]
                if isinstance(names, list)
                else []
            )
            clash = clashing_names(order.folder, repr(order.module))
            message = f"{order.module} has no attribute {order.attribute!r}{near_names(order.attribute, known)}{clash}"
            raise ConfigurationError(mask(message))
        case "import":
            error = recorded_error(opened.get("error"), mask)
            hint = clashing_names(order.folder, error.message) or _advice(error, order)
            message = f"{order.module} cannot be imported from {order.folder}: {said(error)}{hint}"
            raise ConfigurationError(mask(message))
        case "opening":
            error = recorded_error(opened.get("error"), mask)
            clash = clashing_names(order.folder, error.message)
            message = f"the database could not be opened: {said(error)}{clash}"
            raise DatabaseOpeningError(message)
        case _:
            raise InvalidMessageError


def said(error: RecordedError) -> str:
    """Return an error as a message quotes it.

    Args:
        error: The error.
    """
    where = "" if error.location is None else f" ({error.location})"
    return f"{error.name}: {error.message}{where}"


def _advice(error: RecordedError, order: Order) -> str:
    """Return how to install a missing module, if an import failed because of it."""
    absent = absent_module(error)
    if absent is None or absent in sys.stdlib_module_names:
        return ""
    if absent == order.module.partition(".")[0]:
        folder = Path(order.folder)
        there = {path.stem for path in folder.glob("*.py")} | {
            path.parent.name for path in folder.glob("*/__init__.py")
        }
        near = near_names(absent, sorted(there - {absent}))
        if near or absent in there:
            return near
        return f"; that folder has no {absent}.py and no package {absent}, and none is installed"
    return f"; pip install {absent}, for the Python that runs this: {sys.executable}"
