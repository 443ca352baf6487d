"""The columns of a source and their types, for a proposal of what they mean."""

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
    """Return the columns of a source of users, each with its type as Ibis writes it, such as `!int64`.

    Args:
        source: A path to a Parquet, CSV or JSON Lines file or to a folder of them, or the URL of a database, as for
            `audit`. Of CSV and JSON Lines, the types are guessed from the first rows.
        query: What selects the users of a database, in its own SQL, in place of `?table=`.

    Raises:
        ConfigurationError: When there is no such source, it can't be read, or Ibis is not installed.
        DatabaseOpeningError: When a database can't be opened, or does not take the query.
    """
    if is_url(str(source)):
        table, _, _ = table_of_database(str(source), query)
        return {name: str(type_) for name, type_ in table.schema().items()}
    if query is not None:
        message = "query: it is for databases, and the users come from elsewhere; leave it out"
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
