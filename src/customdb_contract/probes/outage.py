"""Outage: what the scripts report while their store is unreachable."""

from collections.abc import Callable, Iterator, Sequence

from customdb_contract.calling import PlannedCall
from customdb_contract.contract import Script
from customdb_contract.probes._faults import Faults
from customdb_contract.probes._plan import Truth, plan_one_person
from customdb_contract.transcript import Exchange, Situation

__all__ = ["Contacts", "is_in_reach", "plan_outage"]


def plan_outage(truth: Truth, scripts: Sequence[Script], situation: Situation) -> Iterator[PlannedCall]:
    """Plan get_user and login for one known user.

    Args:
        truth: The known users.
        scripts: The scripts that the database has.
        situation: The way in which the store is unreachable.
    """
    return plan_one_person(truth, scripts, situation)


def is_in_reach(made: Sequence[Exchange], before: Sequence[Exchange]) -> bool:
    """Tell whether a store that is supposed to be unreachable still finds a user: then no call has met an outage.

    Args:
        made: The calls of the outage.
        before: The calls before it.
    """
    known = {(exchange.script, exchange.person, _user_id(exchange)) for exchange in before}
    asked = [exchange for exchange in made if exchange.script in {Script.LOGIN, Script.GET_USER}]
    return bool(asked) and all(
        _user_id(exchange) and (exchange.script, exchange.person, _user_id(exchange)) in known for exchange in asked
    )


def _user_id(exchange: Exchange) -> str:
    user_id = (exchange.profile or {}).get("user_id")
    return user_id if isinstance(user_id, str) else ""


class Contacts:
    """Detects which scripts use a failing store: the results of the others say nothing about an outage.

    Args:
        faults: The store.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._seen = 0
        self._made: list[Exchange] = []
        self._asking: set[Script] = set()
        self._is_asked_by_the_way = False
        self._passed: dict[Script, list[Exchange]] = {}

    def fail(self, situation: Situation) -> None:
        """Switch to another way to fail.

        Args:
            situation: One of the store's ways to fail.
        """
        self._faults.fail(situation)
        self._seen = 0

    def watch(self, drive: Callable[[], Sequence[Exchange]]) -> None:
        """Make calls of one script, and check whether it uses the store.

        Args:
            drive: Makes the calls, and returns them.
        """
        before = self._faults.requests
        # A pool that connects on its own has met the outage on behalf of all scripts that use it.
        self._is_asked_by_the_way |= before > self._seen
        made = drive()
        self._seen = self._faults.requests
        if self._seen > before:
            self._asking.update(exchange.script for exchange in made)
        self._made += made

    def watch_later(self, planned: PlannedCall, drive: Callable[[], Sequence[Exchange]]) -> None:
        """Make a call whose first requests succeed, if it might send another one, and check whether that one failed.

        Args:
            planned: The call.
            drive: Makes it, and returns it.
        """
        if planned.script in self._passed:
            return
        self._faults.begin_call()
        before = self._faults.requests
        made = drive()
        if self._faults.requests == before:
            self._passed[planned.script] = [*made]

    @property
    def unmet(self) -> Sequence[Exchange]:
        """The calls of scripts that never used it; a store that refuses connections does not see who connects."""
        passed = [exchange for made in self._passed.values() for exchange in made]
        if self._is_asked_by_the_way:
            return passed
        return [*passed, *(exchange for exchange in self._made if exchange.script not in self._asking)]
