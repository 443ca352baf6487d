"""The bridge to a Python database in a process of its own."""

import inspect
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, cast

from typing_extensions import override

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
from customdb_contract.bridges.python_process._order import (
    WHAT,
    Order,
    message_of,
    raise_problem,
    said,
    started,
)
from customdb_contract.bridges.references import refuse_misnamed
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.interrupts import current_interrupts
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import ScriptInfo

__all__ = ["PythonProcessBridge", "needs_fault_url"]

_KINDS: Final = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.VAR_KEYWORD,
)

_EXIT_SECONDS: Final = 0.5
_SERVING: Final = "customdb_contract._runner.main"

_logger = logging.getLogger("customdb_contract")


class PythonProcessBridge(ContainerBridge):
    """Runs the scripts of one database in Python.

    Args:
        order: What to open.
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
        """Make the process close the database, and end it."""
        if self._container is not None:
            # A pending interrupt is raised at the next safe point, not here.
            with suppress(ContainerDiedError, InvalidMessageError, KeyboardInterrupt):
                self._close_database(self._container)
        super().close()

    @property
    @override
    def _what(self) -> str:
        return WHAT

    def _close_database(self, container: Container) -> None:
        seconds = _EXIT_SECONDS if self._interrupts.happened else OPENING_SECONDS
        reported = self._asked({"close": True}, seconds)
        if reported is None:
            _logger.warning("the database did not close within %g s", seconds)
            return
        if reported.closed is not None:
            _logger.warning("the database could not be closed: %s", said(recorded_error(reported.closed, self._mask)))
        container.wait(_EXIT_SECONDS)

    @property
    @override
    def _can_be_cancelled(self) -> bool:
        return False

    @override
    def _start(self) -> Container:
        return started(self._to_open, _SERVING, self._interrupts)

    @override
    def _order(self, token: str) -> Mapping[str, object]:
        return message_of(self._to_open, token)

    @override
    def _take_opened(self, opened: Mapping[str, Any] | None) -> None:
        if opened is None:
            raise InvalidMessageError
        raise_problem(opened, self._to_open, self._mask)
        misnamed = opened.get("misnamed")
        if isinstance(misnamed, list):
            refuse_misnamed(cast("list[object]", misnamed))
        self._manners = dict(_manners(opened, script_context=self._connection.script_context))

    @override
    def _call_of(self, script: Script) -> Mapping[str, object]:
        manner = self._manners[script]
        return {"extras": list(manner.extras), "by_keyword": sorted(manner.by_keyword)}

    @override
    def _takes_context(self, script: Script) -> bool:
        return "context" in self._manners[script].extras


def needs_fault_url(order: Order, mask: SecretRegistry) -> bool:
    """Tell whether the function that creates a database needs an argument in addition to its settings.

    The module is imported in a process of its own, which ends at once.

    Args:
        order: What to open.
        mask: The secrets of the configuration.

    Raises:
        ConfigurationError: When there is no such module or attribute.
        DatabaseOpeningError: When the process does not start.
    """
    container = started(order, _SERVING, current_interrupts())
    try:
        reported = ask_first(container, {"look": message_of(order, container.token)}, what=WHAT, mask=mask.mask)
        raise_problem(reported.opened or {}, order, mask.mask)
        return bool(reported.looked)
    except InvalidMessageError:
        problem = f"{order.module}:{order.attribute} could not be inspected: its runner sent something unexpected"
        raise DatabaseOpeningError(problem) from None
    finally:
        container.end()


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
    reported, location = fields.get("parameters"), fields.get("location")
    if not isinstance(location, str | None):
        raise InvalidMessageError
    if reported is None:
        return None, location
    if not isinstance(reported, list):
        raise InvalidMessageError
    try:
        return inspect.Signature([_parameter(parameter) for parameter in cast("list[object]", reported)]), location
    except ValueError:
        raise InvalidMessageError from None


def _parameter(reported: object) -> inspect.Parameter:
    match reported:
        case [str() as name, int() as kind, bool() as has_default] if kind in range(len(_KINDS)):
            default = None if has_default else inspect.Parameter.empty
            return inspect.Parameter(name, _KINDS[kind], default=default)
        case _:
            raise InvalidMessageError
