"""Inspecting: what the store itself shows of a person, where the team gave a way to look."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, cast

from customdb_contract.contract import Script
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry, secrets_in
from customdb_contract.transcript import WHOLE_RECORD, Noticed, Observation, record

__all__ = ["compare_records"]

_EXPECTED: Final = frozenset({"email", "username", "password"})
"""What a store must keep of what `create` is given, in whatever form."""

_GIVEN: Final = SecretRef(SecretKind.PASSWORD, "the call")


def compare_records(
    before: object, after: object, script: Script, arguments: Sequence[object]
) -> Iterator[Observation]:
    """Yield what two looks at the store show of the call in between: paths only, never what stands there.

    Args:
        before: What the store had of the person before the call.
        after: What it has afterwards.
        script: The script that was called.
        arguments: What it was given.
    """
    yield Observation(Noticed.INSPECTED, "nothing" if after is None else "a record")
    if script in {Script.LOGIN, Script.GET_USER}:
        if before is not None and after is None:
            yield Observation(Noticed.STORE_CHANGE, WHOLE_RECORD)
            return
        old, new = dict(_leaves(before)), dict(_leaves(after))
        for path in sorted(old.keys() | new.keys()):
            if old.get(path) != new.get(path):
                yield Observation(Noticed.STORE_CHANGE, path)
        return
    user: Mapping[str, object] = {}
    given = arguments[1] if script is Script.CHANGE_PASSWORD else None
    if script is Script.CREATE:
        user = cast("Mapping[str, object]", arguments[0])
        given = user.get("password")
    # Somebody else's password may be a word that stands in any record.
    own = SecretRegistry()
    if isinstance(given, Secret):
        own.add(given, _GIVEN)
    for path, value in _leaves(after):
        if isinstance(value, str) and _GIVEN in secrets_in(own.mask(value)):
            yield Observation(Noticed.STORED_PASSWORD, path)
        name = path.rpartition(".")[2]
        if name in user and name not in _EXPECTED and user[name] == value:
            yield Observation(Noticed.STORED_FIELD, path)


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    recorded = record(value, _keep) if not path else value
    if isinstance(recorded, Mapping):
        for name, inner in cast("Mapping[str, object]", recorded).items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    elif path:
        yield path, recorded


_keep: Callable[[str], str] = str
