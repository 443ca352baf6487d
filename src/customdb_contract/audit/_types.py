"""The columns of a source and their types, from which a mapping is proposed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from customdb_contract.audit._encodings import refuse_encoding
from customdb_contract.audit._engines import workshop
from customdb_contract.audit._failing import first_line
from customdb_contract.audit._files import found_files
from customdb_contract.audit._sources import is_url, table_of_database
from customdb_contract.errors import ConfigurationError

__all__ = ["column_types"]

_READERS: Final = {"parquet": "read_parquet", "csv": "read_csv", "jsonl": "read_json"}


def column_types(source: str | Path, *, query: str | None = None) -> Mapping[str, str]:
    """Return the columns of a source of users, each with its type in the notation of Ibis, such as `!int64`.

    Args:
        source: The path of a Parquet, CSV or JSON Lines file, or of a folder of them, or the URL of a database, as for
            `audit`. For CSV and JSON Lines, the types are guessed from the first rows.
        query: A single SELECT that returns the users of a database, in its own SQL, instead of `?table=`.

    Raises:
        ConfigurationError: If there is no such source, it can't be read, or Ibis is not installed.
        DatabaseOpeningError: If a database can't be opened, or rejects the query.
    """
    if is_url(str(source)):
        table, _, _ = table_of_database(str(source), query)
        return {name: str(type_) for name, type_ in table.schema().items()}
    if query is not None:
        message = "query: applies only to databases, and the users are not in one; remove it"
        raise ConfigurationError(message)
    files = found_files(Path(source))
    if files.kind != "parquet":
        for path in files.paths:
            refuse_encoding(path)
    with workshop() as place:
        read = getattr(place.connection, _READERS[files.kind])
        try:
            schema = read([str(path) for path in files.paths]).schema()
        except Exception as error:  # noqa: BLE001 - Ibis and DuckDB have exceptions of their own
            message = f"{files.source} can't be read: {first_line(error)}; is it complete?"
            raise ConfigurationError(message) from None
        return {name: str(type_) for name, type_ in schema.items()}
