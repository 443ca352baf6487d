"""What a mapping says of single values, whatever the store is."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from attrs import frozen

from customdb_contract.errors import ConfigurationError

__all__ = ["Flag", "Metadata", "Value", "check_fields", "column_of", "flags_of"]


@frozen
class Flag:
    """A column that says yes or no in its own way; a column that is given as text says it as a boolean, or as 1 and 0.

    Args:
        column: The column, as `SqlUsers` takes it, or the path of a field, as `MongoUsers` does.
        true: What stands for yes.
        false: What stands for no.
        null: What NULL stands for, and a field that a document does not have. Say True where a column lets users in,
            and its NULL must keep them out: `disabled=Flag("is_active", true=False, false=True, null=True)`. In
            attributes of a profile it stands for nothing, which leaves them out.
    """

    column: str
    true: object = True
    false: object = False
    null: bool = False


Value: TypeAlias = str | Flag
"""A column with any value, or a flag."""

Metadata: TypeAlias = str | Mapping[str, Value]
"""A column with a JSON object, or the columns with the values of each key."""

_OWN: Final = frozenset(
    {"app_metadata", "email", "email_verified", "id", "phone_number", "user_id", "user_metadata", "username"}
)


def check_fields(mapping: str, fields: Mapping[str, Value]) -> None:
    """Refuse further attributes of a profile that a mapping has an argument of its own for.

    Args:
        mapping: The class of the mapping.
        fields: The attributes.

    Raises:
        ConfigurationError: When there is one.
    """
    own = sorted(_OWN.intersection(fields))
    if own:
        message = f"fields cannot have {', '.join(own)}: {mapping} has an argument of its own for each of them"
        raise ConfigurationError(message)


def flags_of(value: Value | Iterable[Value] | None) -> tuple[Value, ...]:
    """Return the flags, where one may be given alone."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str | Flag) else tuple(value)


def column_of(value: Value) -> str:
    """Return the column of a value."""
    return value.column if isinstance(value, Flag) else value
