"""The users that a check has created and might leave behind: registered before each call, removed at the end."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, cast

from customdb_contract.calling import PlannedCall
from customdb_contract.contract import Script
from customdb_contract.transcript import UNKNOWN, Ending, Exchange, Outcome, Recorder, Situation, Value

__all__ = ["MadePeople", "ids_in", "new_identifiers"]

_MOST_OF_ONE_IDENTIFIER: Final = 3
_MAY_WRITE: Final = frozenset({Situation.OUTAGE, Situation.CUT})
"""Outages in which the store might do what a script requests, whatever response the script gets."""


class MadePeople:
    """The users that the calls of a check might have created.

    Args:
        recorder: Keeps the ledger of users who might be left behind.
        spared: The ids, by `ids_in`, of users who were in the same store before and must stay there.

    Attributes:
        may_be_there: The identifiers of users who might be in the store, and their labels.
        user_ids: The latest `user_id` that the scripts returned for them, by label.
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
        """Register the users that a call might create, before it is made.

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
        """Take the result of a call into account.

        Args:
            planned: The call.
            outcome: The result.
        """
        if outcome.ending is not Ending.TIMED_OUT:
            self._unfinished.difference_update(new_identifiers(planned))
        if planned.situation in _MAY_WRITE:
            self._out_of_sight.update(new_identifiers(planned))
        if planned.situation.family == "hostile" and outcome.ending is Ending.DONE:
            # A script might have created the user that it was supposed to change.
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
        """Remember the `user_id` of a created user.

        Args:
            planned: A call.
            exchange: Its result.
        """
        user_id = self._user_id_of(exchange)
        if user_id is not None and planned.situation.family == "writing":
            self.user_ids[planned.person] = user_id
            self._seen_ids.add(user_id)

    def may_be_changed_by(self, planned: PlannedCall) -> bool:
        """Tell whether a call changes only users created by the check.

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
        """Remove all created users, and record who is gone.

        Args:
            call: Makes a call of the database that was written to.
            scripts: The scripts that it has.
        """
        # A user whose e-mail was changed is found by the later one.
        for identifier, label in reversed(list(self.may_be_there.items())):
            if self._is_removed(call, scripts, identifier, label):
                self._recorder.removed(identifier)
                del self.may_be_there[identifier]

    def _is_removed(
        self, call: Callable[[PlannedCall], Exchange], scripts: Collection[Script], identifier: str, label: str
    ) -> bool:
        """Remove the user with an identifier, several times if several users have it.

        A running create may still assign it, if the call had not ended when it was last checked.
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
                # This may be the result for every unknown user; the responses of the other scripts are known.
                unseen = self._unfinished | self._out_of_sight
                return identifier not in unseen and not self._is_hidden(call, scripts, label)
            user_id = self._user_id_of(found)
            if user_id is None or Script.DELETE not in scripts:
                return False
            call(PlannedCall(Script.DELETE, (user_id,), label, Situation.CLEAN_UP))
        return call(look).ending is Ending.NOT_FOUND

    def _is_hidden(self, call: Callable[[PlannedCall], Exchange], scripts: Collection[Script], label: str) -> bool:
        """Tell whether a user might exist that get_user does not find, and try to remove the user by a known id.

        Once a delete was tried, the id might belong to another user.
        """
        user_id = self.user_ids.get(label)
        if label in self._made - self._deleted and user_id is not None and Script.DELETE in scripts:
            call(PlannedCall(Script.DELETE, (user_id,), label, Situation.CLEAN_UP))
        return label in self._made

    def _user_id_of(self, exchange: Exchange) -> str | None:
        """Return the `user_id` that a call found, unless it belongs to a user not created by the check."""
        profile = exchange.profile or {}
        user_id, email = profile.get("user_id") or profile.get("id"), profile.get("email")
        is_spared = not ids_in({"user_id": user_id}).isdisjoint(self._spared)
        # If get_user finds the wrong user, that user must not be deleted, with whatever e-mail, or with none.
        is_of_another = not isinstance(email, str) or email.lower() not in map(str.lower, self.may_be_there)
        if user_id is None or is_of_another or is_spared:
            return None
        return str(user_id)


def ids_in(profile: Mapping[str, Value]) -> frozenset[str]:
    """Return the ids in a profile in one form, because a store can treat 7 and "7" as the same, or `a` and `A`.

    Args:
        profile: A profile that a script returned.
    """
    given = (profile.get("user_id"), profile.get("id"))
    return frozenset(str(value).casefold() for value in given if value is not None)


def new_identifiers(planned: PlannedCall) -> Sequence[str]:
    """Return the e-mails that a user could have after a call, no matter which user.

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
