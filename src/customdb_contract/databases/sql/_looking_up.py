"""Look-ups by the cursor of the driver, because SQLAlchemy's overhead exceeds the time of the statement."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Dialect, PoolProxiedConnection, Select

__all__ = ["LookUp"]

_CURSOR: Final = "customdb_contract.look_ups"
"""The key under which a connection of the pool keeps its cursor, whose creation takes a third of a look-up."""


class LookUp:
    """A statement that selects rows by one text.

    Args:
        statement: The statement, with a parameter `identifier`.
        dialect: The dialect of the database.

    Attributes:
        sql: The SQL that is sent to the driver.
    """

    def __init__(self, statement: "Select[*tuple[Any, ...]]", dialect: Dialect) -> None:
        self._statement = statement
        self._dialect = dialect
        self._types = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
        self._readers: Sequence[Callable[[Any], Any] | None] | None = None
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self._order = compiled.positiontup
        binders = {
            name: parameter.type.dialect_impl(dialect).bind_processor(dialect)
            for name, parameter in compiled.binds.items()
        }
        self._bind = binders["identifier"]
        self._others = {
            name: _converted(value, binders[name])
            for name, value in compiled.construct_params({"identifier": None}).items()
            if name != "identifier"
        }

    def rows(self, connection: Connection, identifier: str) -> Sequence[Sequence[Any]]:
        """Return the rows.

        Args:
            connection: The connection to run the statement on.
            identifier: The text.
        """
        return connection.execute(self._statement, {"identifier": identifier}).all()

    def rows_by_cursor(self, connection: PoolProxiedConnection, identifier: str) -> Sequence[Sequence[Any]]:
        """Return the same rows without SQLAlchemy; errors are those of the driver.

        Args:
            connection: The driver's connection.
            identifier: The text.
        """
        cursor = connection.info.get(_CURSOR)
        if cursor is None:
            cursor = connection.info[_CURSOR] = connection.cursor()
        cursor.execute(self.sql, self.sent(identifier))
        found: Sequence[Sequence[Any]] = cursor.fetchall()
        if self._readers is None:
            kinds = zip(self._types, cursor.description, strict=True)
            readers = [kind.result_processor(self._dialect, column[1]) for kind, column in kinds]
            self._readers = readers if any(readers) else ()
        return [list(map(_converted, row, self._readers)) for row in found] if self._readers else found

    def sent(self, identifier: str) -> dict[str, Any] | tuple[Any, ...]:
        """Return the parameters that are sent to the driver."""
        values = {**self._others, "identifier": identifier if self._bind is None else self._bind(identifier)}
        return values if self._order is None else tuple(values[name] for name in self._order)


def _converted(value: Any, convert: Callable[[Any], Any] | None) -> Any:
    return value if convert is None else convert(value)
