"""The parts of a mapping for single values, independent of the store."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from attrs import frozen

from customdb_contract.errors import ConfigurationError

__all__ = ["Flag", "Metadata", "Value", "check_fields", "column_of", "flags_of"]


@frozen
class Flag:
    """A column with its own values for yes and no; a column given as plain text contains booleans, or 1 and 0.

    Args:
        column: The column, as `SqlUsers` takes it, or the path of a field, as `MongoUsers` does.
        true: The value for yes.
        false: The value for no.
        null: The meaning of NULL, and of a field that is missing in a document. Set it to True if a column allows
            log-in and its NULL must prevent it: `disabled=Flag("is_active", true=False, false=True, null=True)`. It
            has no effect on attributes of a profile: NULL leaves them out.
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
    """Raise an error for attributes in `fields` that have an argument of their own.

    Args:
        mapping: The class of the mapping.
        fields: The attributes.

    Raises:
        ConfigurationError: If there is such an attribute.
    """
    own = sorted(_OWN.intersection(fields))
    if own:
        message = f"fields cannot have {', '.join(own)}: use the arguments of {mapping} with these names"
        raise ConfigurationError(message)


def flags_of(value: Value | Iterable[Value] | None) -> tuple[Value, ...]:
    """Return the flags as a tuple; a single one can be given alone."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str | Flag) else tuple(value)


def column_of(value: Value) -> str:
    """Return the column of a value."""
    return value.column if isinstance(value, Flag) else value
