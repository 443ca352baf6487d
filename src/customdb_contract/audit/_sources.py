"""The sources of users: an Ibis table, files, or a database."""

import importlib
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

from attrs import evolve

from customdb_contract.audit._columns import Columns
from customdb_contract.audit._engines import Table, Workshop, batches_of, import_arrow, import_ibis
from customdb_contract.audit._failing import first_line, reading
from customdb_contract.audit._files import users_of_files
from customdb_contract.audit._users import Users, users_of_table
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError

__all__ = ["is_url", "open_users", "table_of_database"]

NATIVE: Final = frozenset({"duckdb", "postgres", "pyspark"})
"""Engines on which the expressions are tested; from all others, users are first copied to DuckDB."""

_BATCH: Final = 50_000
_MOST_NAMES: Final = 20
_QUERIED: Final = "customdb_contract_users"
_OF_FILES: Final = frozenset({"duckdb", "sqlite"})
_WRITING: Final = ("Insert", "Update", "Delete", "Merge", "Into")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def open_users(table: object, columns: Columns, workshop: Workshop, *, query: str | None, sample: int | None) -> Users:
    """Open a source of users.

    Args:
        table: An Ibis table, a path, or the URL of a database.
        columns: The columns that make up a profile.
        workshop: The DuckDB to which users are copied.
        query: A SELECT that returns the users of a database, in its own SQL.
        sample: The number of users to audit; None stands for all.

    Raises:
        ConfigurationError: If there is no such source, or it lacks a column.
        DatabaseOpeningError: If a database can't be opened, or rejects the query.
    """
    users = _opened(table, columns, workshop, query)
    if sample is not None:
        users = evolve(users, table=users.table.limit(sample), raw=users.raw.limit(sample))
    if sample is not None or users.engine not in NATIVE:
        with reading(users.source, is_file=users.is_file):
            users = _copied(users, workshop)
    return users


def _opened(table: object, columns: Columns, workshop: Workshop, query: str | None) -> Users:
    if isinstance(table, str) and is_url(table):
        raw, engine, source = table_of_database(table, query)
        workshop.at_end.callback(raw.get_backend().disconnect)
        return users_of_table(raw, columns, engine=engine, source=source)
    if query is not None:
        message = "query: applies only to databases, and the users are not in one; remove it"
        raise ConfigurationError(message)
    if isinstance(table, str | Path):
        return users_of_files(Path(table), columns, workshop)
    ibis = import_ibis()
    if not isinstance(table, ibis.Table):
        message = f"table: must be a path, the URL of a database or an Ibis table, got {type(table).__name__}"
        raise ConfigurationError(message)
    return users_of_table(table, columns, engine=_engine_of(table), source=_name_of(table))


def _engine_of(table: Table) -> str:
    backends = table._find_backends()[0]  # noqa: SLF001 - the only way to ask without an exception
    return str(backends[0].name) if backends else ""


def _name_of(table: Table) -> str:
    operation = table.op()
    name = getattr(operation, "name", None)
    return f"the table {name}" if isinstance(name, str) else "an Ibis table"


def is_url(source: str) -> bool:
    """Return whether a source is the URL of a database.

    Args:
        source: A path or a URL.
    """
    return _URL.match(source) is not None


def table_of_database(url: str, query: str | None) -> tuple[Table, str, str]:
    """Return the table of a URL or a query, the name of the engine, and the source for messages.

    Args:
        url: The URL, such as `postgresql://host/shop?table=users`.
        query: A SELECT that returns the users, in the database's own SQL, instead of `?table=`.

    Raises:
        ConfigurationError: If neither or both name a table, or there is no such table.
        DatabaseOpeningError: If the database can't be opened, or rejects the query.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        # The original message can quote the password.
        message = "source: not a valid URL; expected a URL such as postgresql://host/shop?table=users"
        raise ConfigurationError(message) from None
    settings = parse_qs(parts.query, keep_blank_values=True)
    names = settings.pop("table", [])
    if (query is None) == (not names) or len(names) > 1:
        message = (
            "table: name the table that contains the users, as in postgresql://host/shop?table=users, or use a query "
            "instead"
        )
        raise ConfigurationError(message)
    # `urlunsplit` drops slashes from the path of a local file.
    plain = url.partition("#")[0].partition("?")[0] + (f"?{urlencode(settings, doseq=True)}" if settings else "")
    source = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if parts.scheme in _OF_FILES:
        _refuse_missing(parts, source)
    raw, engine = _connected(plain, source, names, query)
    return raw, engine, f"{source} ({names[0] if names else 'a query'})"


def _refuse_missing(parts: SplitResult, source: str) -> None:
    """Raise an error if the file of a database does not exist, because the engine would create it."""
    path = parts.path if not parts.netloc else f"{parts.netloc}{parts.path}"
    if path and ":" not in path and not Path(path).is_file():
        message = f"{source} can't be opened: there is no file {path}"
        raise DatabaseOpeningError(message)


def _connected(url: str, source: str, names: Sequence[str], query: str | None) -> tuple[Table, str]:
    ibis = import_ibis()
    try:
        connection: Any = ibis.connect(url)
    except Exception as error:  # noqa: BLE001 - each driver has exceptions of its own
        # The message of a server can quote the URL.
        if url.partition(":")[0] in _OF_FILES:
            message = f"{source} can't be opened ({type(error).__name__}: {first_line(error)})"
        else:
            name = type(error).__name__
            message = f"{source} can't be opened ({name}): is it running, and is Ibis' backend for it installed?"
        raise DatabaseOpeningError(message) from None
    with ExitStack() as opened:
        opened.callback(connection.disconnect)
        table = _named(connection, names[0], source) if query is None else _queried(connection, query, source)
        opened.pop_all()
    return table, str(connection.name)


def _named(connection: Any, full_name: str, source: str) -> Table:
    problem = ""
    for schema, name in _ways_to_part(full_name):
        try:
            return connection.table(name, database=schema)
        except Exception as error:  # noqa: BLE001 - see above
            problem = problem or type(error).__name__
    known = ", ".join(_tables(connection)) or "none"
    message = f"{source} has no table {full_name!r} ({problem}); it has {known}"
    raise ConfigurationError(message) from None


def _ways_to_part(full_name: str) -> Iterator[tuple[str | None, str]]:
    """Yield possible pairs of schema and table name, the likeliest first; both can contain dots."""
    parts = full_name.split(".")
    for place in range(len(parts) - 1, 0, -1):
        yield ".".join(parts[:place]), ".".join(parts[place:])
    yield None, full_name


def _single_select(connection: Any, query: str) -> str:
    """Return a query that only reads as far as can be determined, because an audit changes nothing.

    Raises:
        ConfigurationError: If it is not a single SELECT.
    """
    message = "query: must be a single SELECT that only reads"
    if connection.name == "duckdb":
        if [statement.type.name for statement in connection.con.extract_statements(query)] != ["SELECT"]:
            raise ConfigurationError(message)
        return query
    # Ibis parses queries with it, too.
    sqlglot = importlib.import_module("sqlglot")
    statements = [one for one in sqlglot.parse(query, read=connection.dialect) if one is not None]
    writing = [getattr(sqlglot.exp, name) for name in _WRITING]
    if len(statements) != 1 or not isinstance(statements[0], sqlglot.exp.Query) or statements[0].find(*writing):
        raise ConfigurationError(message)
    return str(statements[0].sql(dialect=connection.dialect, comments=False))


def _queried(connection: Any, query: str, source: str) -> Table:
    try:
        plain = _single_select(connection, query)
        view = f"CREATE TEMP VIEW {_QUERIED} AS {plain}"
        # Ibis requests the types of a query in ways that DuckDB 2, and SQLGlot for PostgreSQL, no longer support.
        if connection.name == "duckdb":
            connection.con.execute(view)
        elif connection.name == "postgres":
            with connection.con.transaction():
                connection.con.execute(view)
        else:
            return connection.sql(plain)
        return connection.table(_QUERIED)
    except ConfigurationError:
        raise
    except Exception as error:  # noqa: BLE001 - each driver has exceptions of its own
        # The other lines can quote the query or rows.
        message = f"{source} rejected the query ({type(error).__name__}: {first_line(error)})"
        raise DatabaseOpeningError(message) from None


def _tables(connection: Any) -> Sequence[str]:
    if connection.name == "duckdb":
        names = [name for (name,) in connection.con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
    else:
        names = connection.list_tables()
    return sorted(names)[:_MOST_NAMES]


def _copied(users: Users, workshop: Workshop) -> Users:
    """Return the users copied to DuckDB, with only the columns that an audit reads."""
    path = workshop.folder / "copied.parquet"
    reader = batches_of(users.table, _BATCH, None if users.engine else workshop.connection)
    with import_arrow("pyarrow.parquet").ParquetWriter(path, users.table.schema().to_pyarrow()) as writer:
        for batch in reader:
            writer.write_batch(batch)
    copied = workshop.connection.read_parquet(path, table_name="copied")
    return evolve(users, table=copied, engine="duckdb", is_copied=True)
