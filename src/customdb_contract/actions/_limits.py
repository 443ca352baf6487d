"""Limits on what Auth0 stores for Actions.

Source: <https://auth0.com/docs/customize/actions/limitations>.
"""

from collections.abc import Mapping
from typing import Final

from customdb_contract.profiles import RESERVED_APP_METADATA, metadata_key_problems
from customdb_contract.transcript import Value, json_size

__all__ = ["METADATA_MAX_BYTES", "metadata_problem", "shared_problem"]

METADATA_MAX_BYTES: Final = 32 * 1024
"""Bytes that one log-in can write to `user_metadata`, and the same again to `app_metadata`."""

_SHARED_KEY_MAX: Final = 64
_SHARED_VALUE_MAX_BYTES: Final = 8 * 1024
_SHARED_MAX_BYTES: Final = 16 * 1024
_LARGEST_SAFE: Final = 2**53 - 1


def metadata_problem(kind: str, written: Mapping[str, Value], key: str, value: Value) -> str | None:
    """Return why Auth0 would not store a key of the user's metadata, or None.

    Source: <https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data>.

    Args:
        kind: `user_metadata` or `app_metadata`.
        written: What has been written so far.
        key: The key.
        value: Its value.
    """
    for path in metadata_key_problems({key: value}, kind):
        return f"{path} has . or $ in its name"
    if kind == "app_metadata" and key in RESERVED_APP_METADATA:
        return f"app_metadata.{key} is a reserved name"
    if json_size({**written, key: value}) > METADATA_MAX_BYTES:
        return f"more than {METADATA_MAX_BYTES:,} bytes of {kind} would be written"
    return None


def shared_problem(shared: Mapping[str, Value], key: str, value: Value) -> str | None:
    """Return why Auth0 would not keep a key of the transaction's metadata, or None.

    Args:
        shared: The metadata before.
        key: The key.
        value: Its value; None removes it.
    """
    if len(key) > _SHARED_KEY_MAX:
        return f"a key of the transaction's metadata has more than {_SHARED_KEY_MAX} characters"
    if not isinstance(value, str | int | float | None):
        return f"transaction.metadata.{key} is not a string, a number, true or false"
    if isinstance(value, int) and abs(value) > _LARGEST_SAFE:
        return f"transaction.metadata.{key} is a number that JavaScript cannot represent exactly"
    if json_size(value) > _SHARED_VALUE_MAX_BYTES:
        return f"transaction.metadata.{key} has more than {_SHARED_VALUE_MAX_BYTES:,} bytes"
    if json_size({**shared, key: value}) > _SHARED_MAX_BYTES:
        return f"the transaction's metadata would have more than {_SHARED_MAX_BYTES:,} bytes"
    return None
