"""The catalogue of the double of SQL Server: the views of `sys` that SQLAlchemy's dialect queries.

Source: <https://learn.microsoft.com/sql/relational-databases/system-catalog-views/catalog-views-transact-sql>.
"""

import re
import sqlite3
from collections.abc import Iterator
from typing import Final

__all__ = ["open_catalogue", "refresh_catalogue"]

_VIEWS: Final = {
    "columns": "object_id int, name sysname, column_id int, default_object_id int, user_type_id int, is_nullable bit, "
    "max_length int, precision int, scale int, collation_name sysname",
    "computed_columns": "object_id int, column_id int, definition ntext, is_persisted bit",
    "default_constraints": "object_id int, parent_column_id int, definition ntext",
    "dm_exec_sessions": "session_id int, transaction_isolation_level int",
    "extended_properties": "class int, name sysname, major_id int, minor_id int, value ntext",
    "identity_columns": "object_id int, column_id int, is_identity bit, seed_value int, increment_value int",
    "index_columns": "object_id int, index_id int, column_id int, key_ordinal int, is_included_column bit",
    "indexes": "object_id int, index_id int, name sysname, type int, is_unique bit, is_primary_key bit, "
    "filter_definition ntext",
    "key_constraints": "name sysname, parent_object_id int, type sysname, unique_index_id int",
    "objects": "object_id int, name sysname, schema_id int, type sysname",
    "schemas": "schema_id int, name sysname",
    "system_views": "name sysname",
    "types": "name sysname, system_type_id int, user_type_id int",
}
_TYPES: Final = {
    "int": (56, 4),
    "bigint": (127, 8),
    "bit": (104, 1),
    "float": (62, 8),
    "datetime": (61, 8),
    "datetime2": (42, 8),
    "datetimeoffset": (43, 10),
    "date": (40, 3),
    "uniqueidentifier": (36, 16),
    "nvarchar": (231, -1),
    "varchar": (167, -1),
    "varbinary": (165, -1),
}
"""The id and the bytes of each type."""


def open_catalogue(store: sqlite3.Connection) -> None:
    """Add the views, which are tables of this connection only."""
    store.execute("ATTACH ':memory:' AS sys")
    for name, columns in _VIEWS.items():
        store.execute(f"CREATE TABLE sys.{name} ({columns.replace('sysname', 'sysname COLLATE NOCASE')})")
    store.execute("INSERT INTO sys.schemas VALUES (1, 'dbo')")
    store.execute("INSERT INTO sys.system_views VALUES ('dm_exec_sessions')")
    store.execute("INSERT INTO sys.dm_exec_sessions VALUES (51, 2)")
    for name, (number, _) in _TYPES.items():
        store.execute("INSERT INTO sys.types VALUES (?, ?, ?)", (name, number, number))


def refresh_catalogue(store: sqlite3.Connection) -> None:
    """Fill the views with the current tables."""
    for view in ("objects", "columns", "default_constraints", "identity_columns", "key_constraints", "indexes"):
        store.execute(f"DELETE FROM sys.{view}")
    store.execute("DELETE FROM sys.index_columns")
    tables = store.execute("SELECT name, sql FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for table_id, (table, sql) in enumerate(tables.fetchall(), start=1):
        store.execute("INSERT INTO sys.objects VALUES (?, ?, 1, 'U')", (table_id, table))
        places = _add_columns(store, table_id, table, is_counted="AUTOINCREMENT" in sql)
        _add_indexes(store, table_id, table, places)


def _add_columns(store: sqlite3.Connection, table_id: int, table: str, *, is_counted: bool) -> dict[str, int]:
    places: dict[str, int] = {}
    key: list[int] = []
    for number, name, kind, not_null, default, in_key in store.execute(f'PRAGMA main.table_info("{table}")').fetchall():
        place = number + 1
        places[name] = place
        plain, length = _length(kind)
        type_id, _ = _TYPES[plain]
        default_id = None if default is None else table_id * 1000 + place
        values = (table_id, name, place, default_id, type_id, not not_null and not in_key, length, 0, 7, None)
        store.execute("INSERT INTO sys.columns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        if default is not None:
            store.execute("INSERT INTO sys.default_constraints VALUES (?, ?, ?)", (default_id, place, f"({default})"))
        if in_key:
            key.append(place)
            if is_counted:
                store.execute("INSERT INTO sys.identity_columns VALUES (?, ?, 1, 1, 1)", (table_id, place))
    if key:
        store.execute("INSERT INTO sys.key_constraints VALUES (?, ?, 'PK', 1)", (f"PK_{table}", table_id))
        store.execute("INSERT INTO sys.indexes VALUES (?, 1, ?, 1, 1, 1, NULL)", (table_id, f"PK_{table}"))
        _add_members(store, table_id, 1, key)
    return places


def _length(kind: str) -> tuple[str, int]:
    found = re.fullmatch(r"(\w+)(?:\((\w+)\))?.*", kind.lower())
    assert found is not None, kind
    plain = "int" if found[1] == "integer" else found[1]
    if found[2] is None or not found[2].isdecimal():
        return plain, _TYPES[plain][1]
    return plain, int(found[2]) * (2 if plain == "nvarchar" else 1)


def _add_indexes(store: sqlite3.Connection, table_id: int, table: str, places: dict[str, int]) -> None:
    for index_id, (name, is_unique, filtered, members) in enumerate(_indexes(store, table), start=2):
        values = (table_id, index_id, name, is_unique, filtered)
        store.execute("INSERT INTO sys.indexes VALUES (?, ?, ?, 2, ?, 0, ?)", values)
        _add_members(store, table_id, index_id, [places[member] for member in members])


def _indexes(store: sqlite3.Connection, table: str) -> Iterator[tuple[str, int, str | None, list[str]]]:
    for _, name, is_unique, origin, is_partial in store.execute(f'PRAGMA main.index_list("{table}")').fetchall():
        if origin != "pk":
            members = [member for _, _, member in store.execute(f'PRAGMA main.index_info("{name}")')]
            sql = store.execute("SELECT sql FROM main.sqlite_master WHERE name = ?", (name,)).fetchone()[0]
            yield name, is_unique, sql.partition(" WHERE ")[2] if is_partial else None, members


def _add_members(store: sqlite3.Connection, table_id: int, index_id: int, members: list[int]) -> None:
    for ordinal, place in enumerate(members, start=1):
        store.execute("INSERT INTO sys.index_columns VALUES (?, ?, ?, ?, 0)", (table_id, index_id, place, ordinal))
