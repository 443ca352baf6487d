"""Merging of metadata, as Auth0 does it."""

from collections.abc import Iterator, Mapping

from customdb_contract.profiles import RESERVED_APP_METADATA, metadata_key_problems
from customdb_contract.transcript import Value

__all__ = ["merged_deeply", "metadata_problems", "patched"]


def patched(metadata: Mapping[str, Value], changes: Mapping[str, Value]) -> dict[str, Value]:
    """Return metadata after a PATCH: first-level keys are replaced as a whole, and null removes one.

    Source: <https://auth0.com/docs/manage-users/user-accounts/metadata/manage-metadata-api>.

    Args:
        metadata: The metadata before.
        changes: What to change.
    """
    return {name: value for name, value in {**metadata, **changes}.items() if value is not None}


def merged_deeply(metadata: Mapping[str, Value], changes: Mapping[str, Value]) -> dict[str, Value]:
    """Return metadata merged at every depth; unless both values are objects, the new one counts.

    Args:
        metadata: The metadata before.
        changes: The metadata to merge into it.
    """
    merged = dict(metadata)
    for name, value in changes.items():
        before = merged.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            value = merged_deeply(before, value)  # noqa: PLW2901 - the value, merged
        merged[name] = value
    return merged


def metadata_problems(name: str, metadata: Value) -> Iterator[str]:
    """Yield the problems for which Auth0 would reject metadata.

    Source: <https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data>.

    Args:
        name: `user_metadata` or `app_metadata`.
        metadata: The metadata.
    """
    if not isinstance(metadata, Mapping):
        yield f"{name} is not an object"
        return
    for path in metadata_key_problems(metadata, name):
        yield f"{path} has . or $ in its name"
    if name == "app_metadata":
        for key in sorted(RESERVED_APP_METADATA.intersection(metadata)):
            yield f"app_metadata has the reserved name {key}"
