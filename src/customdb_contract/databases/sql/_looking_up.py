"""Look-ups by the driver's own cursor: what SQLAlchemy does around a statement takes longer than the statement."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Select

__all__ = ["LookUp"]

_BY_CURSOR: Final = frozenset({"postgresql", "mysql", "mariadb"})
"""Where a statement whose time is up has ended its connection, so that the second attempt takes no time."""


class LookUp:
    """A statement that asks for rows by one text.

    Args:
        statement: The statement, with a parameter `identifier`.
        dialect: What the database speaks.

    Attributes:
        sql: What is sent to the driver.
    """

    def __init__(self, statement: "Select[*tuple[Any, ...]]", dialect: Dialect) -> None:
        self._statement = statement
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
            connection: Where the statement is run.
            identifier: The text.
        """
        # In a transaction nothing can be tried again.
        if connection.dialect.name in _BY_CURSOR and not connection.in_transaction():
            try:
                return self._fetched(connection, identifier)
            except connection.dialect.loaded_dbapi.Error:
                # SQLAlchemy tells what an error means, and lets go of all connections when one is dead.
                pass
        return connection.execute(self._statement, {"identifier": identifier}).all()

    def sent(self, identifier: str) -> dict[str, Any] | tuple[Any, ...]:
        """Return the parameters that are sent to the driver."""
        values = {**self._others, "identifier": _converted(identifier, self._bind)}
        return values if self._order is None else tuple(values[name] for name in self._order)

    def _fetched(self, connection: Connection, identifier: str) -> Sequence[Sequence[Any]]:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self.sql, self.sent(identifier))
            found = cursor.fetchall()
            if self._readers is None:
                kinds = zip(self._types, cursor.description, strict=True)
                self._readers = [kind.result_processor(connection.dialect, column[1]) for kind, column in kinds]
        finally:
            cursor.close()
        if not any(self._readers):
            return found
        return [list(map(_converted, row, self._readers)) for row in found]


def _converted(value: Any, convert: Callable[[Any], Any] | None) -> Any:
    return value if convert is None else convert(value)
