"""Inspecting: what the store itself shows about a user, if the team provided access."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, cast

from customdb_contract.calling import PlannedCall
from customdb_contract.contract import Script
from customdb_contract.interrupts import current_interrupts
from customdb_contract.probes._made import new_identifiers
from customdb_contract.probes._stopping import StoppedEarly
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry, secrets_in
from customdb_contract.transcript import WHOLE_RECORD, Noticed, Observation, StopKind, StopReason, record

__all__ = ["Inspected", "compare_records"]

_EXPECTED: Final = frozenset({"email", "username", "password"})
"""Data from `create` that a store must keep, in whatever form."""

_GIVEN: Final = SecretRef(SecretKind.PASSWORD, "the call")


class Inspected:
    """The store itself, accessed with the team's own function.

    Args:
        inspect: Returns the store's record for an identifier; None if there is no access.
        registry: The known secrets.
    """

    def __init__(self, inspect: Callable[[str], object] | None, registry: SecretRegistry) -> None:
        self._inspect = inspect
        self._registry = registry
        self._interrupts = current_interrupts()

    def look(self, planned: PlannedCall) -> object:
        """Return the store's record for the user that a call is about, or None if the store is not inspected.

        Args:
            planned: The call.

        Raises:
            StoppedEarly: When the team's function raises.
        """
        identifier = _inspected_identifier(planned)
        if self._inspect is None or identifier is None:
            return None
        try:
            with self._interrupts.immediate():
                self._interrupts.raise_if_pending()
                return self._inspect(identifier)
        except Exception as error:  # noqa: BLE001 - whatever the team's function raises is told in one sentence
            message = f"inspect({identifier!r}) raised {type(error).__name__}: {error}; it must return a record or None"
            raise StoppedEarly(StopReason(StopKind.SET_UP, self._registry.mask(message))) from None

    def compare(self, planned: PlannedCall, before: object) -> Iterator[Observation]:
        """Yield what another look shows about a call.

        Args:
            planned: The call.
            before: The store's record for the user before it.
        """
        if self._inspect is not None and _inspected_identifier(planned) is not None:
            yield from compare_records(before, self.look(planned), planned.script, planned.arguments)


def _inspected_identifier(planned: PlannedCall) -> str | None:
    """Return the identifier of the stored record that shows what a call did, or None."""
    if planned.situation.family not in {"known-user", "repeated", "writing"}:
        return None
    if planned.script is Script.CREATE:
        return next(iter(new_identifiers(planned)), None)
    identifier = planned.arguments[0]
    return identifier if planned.script is not Script.DELETE and isinstance(identifier, str) else None


def compare_records(
    before: object, after: object, script: Script, arguments: Sequence[object]
) -> Iterator[Observation]:
    """Yield what two looks at the store show about the call in between: only paths, never values.

    Args:
        before: The store's record for the user before the call.
        after: The record afterwards.
        script: The script that was called.
        arguments: Its arguments.
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
    # Another user's password could be a word that occurs in any record.
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
