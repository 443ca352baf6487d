"""Strategies for identifiers that attack."""

from collections.abc import Collection
from typing import Final, cast

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from customdb_contract.probes.hostile import collisions, payloads
from customdb_contract.testing.strategies._arguments import strategy_or
from customdb_contract.transcript import Situation

__all__ = ["hostile_identifiers"]

_SITUATIONS: Final = tuple(situation for situation in Situation if situation.family == "hostile")


def hostile_identifiers(
    *, victims: st.SearchStrategy[str] | None = None, situations: Collection[Situation | str] = _SITUATIONS
) -> st.SearchStrategy[str]:
    """Return a strategy for the identifiers that a check tries: injection, wildcards, look-alikes, sizes.

    All of them only read, and none identifies the victim: whatever a script returns, it must not be a user's profile.

    Args:
        victims: A strategy for the identifier that an attack is built around, such as the e-mail of a user in the
            store; None stands for `ada@example.com`.
        situations: The hostile situations to draw from, at least one, such as `Situation.SQL` or `"hostile: sql"`.

    Raises:
        InvalidArgument: When an argument has another type, or there is no such situation.
    """
    people = strategy_or("victims", victims, lambda: st.just("ada@example.com"))
    names = tuple(cast("Collection[object]", situations)) if isinstance(cast("object", situations), Collection) else ()
    if isinstance(situations, str) or not names or not all(name in _SITUATIONS for name in names):
        message = (
            f"situations={situations!r} must be some of {', '.join(repr(str(situation)) for situation in _SITUATIONS)}"
        )
        raise InvalidArgument(message)
    chosen = frozenset(map(Situation, situations))
    return people.flatmap(lambda victim: st.sampled_from(_attacks(victim, chosen)))


def _attacks(victim: str, situations: Collection[Situation]) -> list[str]:
    found = [payload for situation, payload in payloads(victim) if situation in situations]
    if Situation.UNICODE_COLLISION in situations:
        found += collisions(victim)
    return [payload for payload in found if not _denotes(payload, victim)]


def _denotes(payload: str, victim: str) -> bool:
    return payload.strip().lower() == victim.strip().lower()
