"""The bridge to a function that creates profiles from rows, in a process of its own."""

import base64
import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from customdb_contract.bridges.containers import (
    Container,
    ContainerDiedError,
    InvalidMessageError,
    ask_first,
    reason_of,
    validated,
)
from customdb_contract.bridges.making import NotMade, Row
from customdb_contract.bridges.python_process._order import (
    WHAT,
    Order,
    message_of,
    raise_problem,
    started,
)
from customdb_contract.bridges.python_process._tagging import untagged
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.interrupts import current_interrupts
from customdb_contract.profiles.problems import readable
from customdb_contract.secrets import SecretRegistry

__all__ = ["RowBridge"]

_SERVING: Final = "customdb_contract.bridges.python_process._serving_rows"
_PIECE: Final = 200
"""The number of rows in a message."""

_TELLING_SECONDS: Final = 60.0
_CLOSING_SECONDS: Final = 1.0
_SHOWN: Final = 300


class _TakesTooLongError(Exception):
    """A row exceeded its time limit."""


class RowBridge:
    """Creates profiles in a process, and in a new one after a row that ended its process or exceeded the time limit.

    Args:
        order: What to open.
        seconds: Seconds that one row may take.

    Raises:
        ConfigurationError: If there is no such module or attribute, or it is not a function.
        DatabaseOpeningError: If the process does not start.
    """

    def __init__(self, order: Order, *, seconds: float) -> None:
        self._order = order
        self._seconds = seconds
        self._interrupts = current_interrupts()
        self._container: Container | None = None
        self._rows = 0
        self._opened()

    def made_of(self, rows: Sequence[Row]) -> Iterator[Mapping[str, object] | NotMade]:
        """Yield the profile of each row, in order.

        Args:
            rows: The rows.
        """
        for start in range(0, len(rows), _PIECE):
            yield from self._made_of_piece(rows[start : start + _PIECE])

    def close(self) -> None:
        """End the process."""
        if self._container is not None:
            # A pending interrupt is raised at the next safe point, not here.
            with suppress(ContainerDiedError, KeyboardInterrupt):
                self._container.tell({"close": True}, _CLOSING_SECONDS)
                if self._container.answer(_CLOSING_SECONDS) is not None:
                    self._container.wait(_CLOSING_SECONDS)
        self._end()

    def _made_of_piece(self, rows: Sequence[Row]) -> Iterator[Mapping[str, object] | NotMade]:
        done = 0
        while done < len(rows):
            is_new = self._container is None
            container = self._opened()
            try:
                self._send(container, rows[done:])
                while done < len(rows):
                    made = self._answer(container)
                    done += 1
                    yield made
                # The output is not shown, because it can contain personal data.
                container.take_output()
            except (ContainerDiedError, InvalidMessageError) as error:
                self._end()
                if isinstance(error, ContainerDiedError) and not error.has_read_all and not is_new:
                    # Code left running by an earlier row ended the process before it read this one.
                    continue
                done += 1
                yield NotMade(f"ended the process of profile_of ({reason_of(error)})")
            except _TakesTooLongError:
                self._end()
                done += 1
                yield NotMade(f"took more than {self._seconds:g} seconds in profile_of")

    def _send(self, container: Container, rows: Sequence[Row]) -> None:
        encoded = base64.b64encode(pickle.dumps(rows)).decode("ascii")
        container.tell({"rows": {"first": self._rows, "rows": encoded}}, _TELLING_SECONDS)

    def _answer(self, container: Container) -> Mapping[str, object] | NotMade:
        message = container.answer(self._seconds)
        if message is None:
            raise _TakesTooLongError
        answer = validated(message)
        if answer.id != self._rows:
            raise InvalidMessageError
        made = _made(answer.made)
        self._rows += 1
        return made

    def _opened(self) -> Container:
        """Return the process, which is started if it is not running."""
        if self._container is not None:
            return self._container
        container = started(self._order, _SERVING, self._interrupts)
        try:
            self._open_in(container)
        except BaseException:
            container.end()
            raise
        self._container = container
        return container

    def _open_in(self, container: Container) -> None:
        reference = f"{self._order.module}:{self._order.attribute}"
        order = message_of(self._order, container.token)
        named = f"the function {reference}"
        reported = ask_first(container, {"open": order}, what=WHAT, mask=SecretRegistry().mask, opened=named)
        try:
            self._refuse(reported.opened)
        except ConfigurationError as error:
            message = f"{named} cannot be used: {error}"
            raise ConfigurationError(message) from None
        except InvalidMessageError as error:
            message = f"{WHAT} could not open {named}: {reason_of(error)}"
            raise DatabaseOpeningError(message) from None

    def _refuse(self, opened: Mapping[str, Any] | None) -> None:
        """Raise an error if the function was not found."""
        if opened is None:
            raise InvalidMessageError
        if opened.get("problem") == "no-function":
            message = "it must be a plain function that takes a row"
            raise ConfigurationError(message)
        raise_problem(opened, self._order, SecretRegistry().mask)

    def _end(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            container.end()


def _made(told: Mapping[str, Any] | None) -> Mapping[str, object] | NotMade:
    made: object = None
    match told:
        case {"problem": str() as problem}:
            return NotMade(problem[:_SHOWN])
        case {"profile": profile}:
            # It comes from another process, which can send anything.
            made = readable(cast("dict[str, object]", profile)) if isinstance(profile, dict) else None
        case {"tagged": tagged}:
            made = untagged(tagged)
        case _:
            pass
    if not isinstance(made, Mapping):
        raise InvalidMessageError
    return cast("Mapping[str, object]", made)
