"""Who a check has made, and may have left behind: noted before each call, and removed at the end."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, cast

from customdb_contract.calling import PlannedCall
from customdb_contract.contract import Script
from customdb_contract.transcript import UNKNOWN, Ending, Exchange, Outcome, Recorder, Situation, Value

__all__ = ["MadePeople", "ids_in", "new_identifiers"]

_MOST_OF_ONE_IDENTIFIER: Final = 3
_MAY_WRITE: Final = frozenset({Situation.OUTAGE, Situation.CUT})
"""Outages in which the store may do what a script asks for, whatever that script is told."""


class MadePeople:
    """The people whom the calls of a check may have made.

    Args:
        recorder: Keeps the ledger of whoever may be left behind.
        spared: The ids, by `ids_in`, of those who were in the same store before and must stay there.

    Attributes:
        may_be_there: The identifiers of whoever may be in the store, and their labels.
        user_ids: The `user_id` that the scripts returned last for them, by label.
    """

    def __init__(self, recorder: Recorder, spared: Collection[str]) -> None:
        self.may_be_there: dict[str, str] = {}
        self.user_ids: dict[str, str] = {}
        self._recorder = recorder
        self._spared = spared
        self._seen_ids: set[str] = set()
        self._unfinished: set[str] = set()
        self._out_of_sight: set[str] = set()
        self._made: set[str] = set()
        self._deleted: set[str] = set()

    def begin(self, planned: PlannedCall) -> None:
        """Note whom a call may make before it is made.

        Args:
            planned: The call.
        """
        renames = planned.situation.family == "hostile" and planned.script is Script.CHANGE_EMAIL
        if renames or planned.situation.family in {"writing", "outage"}:
            for identifier in new_identifiers(planned):
                self.may_be_there.setdefault(identifier, planned.person)
                self._recorder.leave_behind(identifier)
                if planned.situation.family == "writing":
                    self._unfinished.add(identifier)

    def end(self, planned: PlannedCall, outcome: Outcome) -> None:
        """Note what became of a call.

        Args:
            planned: The call.
            outcome: What came back.
        """
        if outcome.ending is not Ending.TIMED_OUT:
            self._unfinished.difference_update(new_identifiers(planned))
        if planned.situation in _MAY_WRITE:
            self._out_of_sight.update(new_identifiers(planned))
        if planned.situation.family == "hostile" and outcome.ending is Ending.DONE:
            # A script may have made the user whom it was to change.
            for identifier in new_identifiers(planned):
                self.may_be_there.setdefault(identifier, planned.person)
                self._recorder.leave_behind(identifier)
        if planned.situation.family in {"hostile", "outage"} or outcome.ending is Ending.FAILED:
            return
        if planned.script is Script.CREATE:
            self._made.add(planned.person)
            self._deleted.discard(planned.person)
        elif planned.script is Script.DELETE:
            self._deleted.add(planned.person)
            if outcome.ending in {Ending.DONE, Ending.INVALID}:
                self._made.discard(planned.person)

    def learn(self, planned: PlannedCall, exchange: Exchange) -> None:
        """Note the `user_id` of somebody who was made.

        Args:
            planned: A call.
            exchange: What came of it.
        """
        user_id = self._user_id_of(exchange)
        if user_id is not None and planned.situation.family == "writing":
            self.user_ids[planned.person] = user_id
            self._seen_ids.add(user_id)

    def may_be_changed_by(self, planned: PlannedCall) -> bool:
        """Tell whether a call changes nobody but people who were made.

        Args:
            planned: The call.
        """
        match planned.script:
            case Script.LOGIN | Script.GET_USER | Script.CREATE:
                return True
            case Script.DELETE:
                return planned.arguments[0] in self._seen_ids
            case _:
                return str(planned.arguments[0]).lower() in map(str.lower, self.may_be_there)

    def remove_all(self, call: Callable[[PlannedCall], Exchange], scripts: Collection[Script]) -> None:
        """Remove everybody, and note who is gone.

        Args:
            call: Makes a call of the database that was written to.
            scripts: The scripts that it has.
        """
        # Who got another e-mail is found by the later one.
        for identifier, label in reversed(list(self.may_be_there.items())):
            if self._is_removed(call, scripts, identifier, label):
                self._recorder.removed(identifier)
                del self.may_be_there[identifier]

    def _is_removed(
        self, call: Callable[[PlannedCall], Exchange], scripts: Collection[Script], identifier: str, label: str
    ) -> bool:
        """Remove whoever has an identifier, several times where several have it.

        Nobody may have it yet, where the call that may give it to somebody hadn't ended when it was last seen.
        """
        if Script.GET_USER not in scripts:
            return False
        look = PlannedCall(Script.GET_USER, (identifier,), label, Situation.CLEAN_UP)
        for number in range(_MOST_OF_ONE_IDENTIFIER):
            found = call(look)
            if found.ending is Ending.NOT_FOUND and number > 0:
                self._made.discard(label)
                return True
            if found.ending is Ending.NOT_FOUND:
                return identifier not in self._unfinished and not self._is_hidden(call, scripts, label)
            if found.ending is not Ending.FOUND:
                # It may end so for everybody who isn't there; what the other scripts said is known.
                unseen = self._unfinished | self._out_of_sight
                return identifier not in unseen and not self._is_hidden(call, scripts, label)
            user_id = self._user_id_of(found)
            if user_id is None or Script.DELETE not in scripts:
                return False
            call(PlannedCall(Script.DELETE, (user_id,), label, Situation.CLEAN_UP))
        return call(look).ending is Ending.NOT_FOUND

    def _is_hidden(self, call: Callable[[PlannedCall], Exchange], scripts: Collection[Script], label: str) -> bool:
        """Tell whether somebody may be there whom get_user does not find, and try to remove them by a known id.

        Once a delete was tried, the id may be somebody else's by now.
        """
        user_id = self.user_ids.get(label)
        if label in self._made - self._deleted and user_id is not None and Script.DELETE in scripts:
            call(PlannedCall(Script.DELETE, (user_id,), label, Situation.CLEAN_UP))
        return label in self._made

    def _user_id_of(self, exchange: Exchange) -> str | None:
        """Return the `user_id` that a call found, unless it is somebody's whom the check did not make."""
        profile = exchange.profile or {}
        user_id, email = profile.get("user_id") or profile.get("id"), profile.get("email")
        is_spared = not ids_in({"user_id": user_id}).isdisjoint(self._spared)
        # A get_user that finds the wrong person must not get that person deleted, under whatever e-mail, or under none.
        is_of_another = not isinstance(email, str) or email.lower() not in map(str.lower, self.may_be_there)
        if user_id is None or is_of_another or is_spared:
            return None
        return str(user_id)


def ids_in(profile: Mapping[str, Value]) -> frozenset[str]:
    """Return the ids in a profile, in one form: a store may take 7 and "7" for the same, or `a` and `A`.

    Args:
        profile: What a script returned.
    """
    given = (profile.get("user_id"), profile.get("id"))
    return frozenset(str(value).casefold() for value in given if value is not None)


def new_identifiers(planned: PlannedCall) -> Sequence[str]:
    """Return the e-mails that somebody may have after a call, whoever made it.

    Args:
        planned: The call.
    """
    if planned.script is Script.CREATE:
        user = planned.arguments[0]
        named = [cast("Mapping[str, object]", user).get("email")] if isinstance(user, Mapping) else []
    elif planned.script is Script.CHANGE_EMAIL:
        named = [planned.arguments[1]]
    elif planned.person == UNKNOWN and planned.script in {Script.VERIFY, Script.CHANGE_PASSWORD}:
        named = [planned.arguments[0]]
    else:
        named = []
    return [name for name in named if isinstance(name, str)]
