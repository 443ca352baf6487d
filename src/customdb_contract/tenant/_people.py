"""Which user a script call is about, and what it tries, recorded in a transcript so that rules can judge it."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from itertools import chain, count
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.secrets import Secret
from customdb_contract.transcript import UNKNOWN, Exchange, History, Person, Situation

__all__ = ["People"]

_READING = (Script.LOGIN, Script.GET_USER)
_MOST_BYTES: Final = 72
"""bcrypt reads no more of a password."""


class People:
    """The known users, and those that the tenant creates in the database.

    A write by the tenant outdates the given truth about a user: after that, nothing is claimed about the user.

    Args:
        people: The known users.
        passwords: Their passwords by label, if known.
        taken: Labels of other users, which are not available.
    """

    def __init__(self, people: Sequence[Person], passwords: Mapping[str, Secret], taken: Collection[str] = ()) -> None:
        self._known = {name: person.label for person in people for name in person.identifiers}
        self._new: dict[str, str] = {}
        self._labels = {UNKNOWN, *taken, *(person.label for person in people)}
        self._passwords = dict(passwords)
        self._changed: set[str] = set()
        self._seen: dict[str, str] = {}
        self._history = History()

    def label_of(self, identifier: str) -> str:
        """Return the label of the user that an identifier stands for, or `unknown`.

        Args:
            identifier: An e-mail or a username.
        """
        account = self._history.find(identifier)
        if account is not None:
            return account.person
        return self._known.get(identifier) or self._new.get(identifier, UNKNOWN)

    def identifier_of(self, user_id: str) -> str | None:
        """Return an identifier of the user whose profile a script returned with a `user_id`, or None.

        Auth0 may have another e-mail of the user than the store.

        Args:
            user_id: The id, without the prefix `auth0|`.
        """
        account = self._history.find_by_id(user_id)
        return self._seen.get(user_id) if account is None else account.email

    def new_person(self, email: str, username: str | None) -> Person | None:
        """Return a user who is about to be created, unless the user certainly has a label already.

        Args:
            email: The e-mail.
            username: The username, or None.
        """
        if self.label_of(email) != UNKNOWN:
            return None
        name = email.partition("@")[0] or "new-user"
        candidates = chain((name,), (f"{name}-{number}" for number in count(2)))
        label = next(candidate for candidate in candidates if candidate not in self._labels)
        self._labels.add(label)
        self._new[email] = label
        return Person(label=label, email=email, username=username, new=True)

    def situation_of(self, script: Script, identifier: str, password: Secret | None) -> Situation:
        """Return what a call tries, as far as that is certain.

        Args:
            script: The script.
            identifier: The identifier of the user that it is about.
            password: The password of a log-in; None for other scripts.
        """
        if script is Script.CREATE or self._history.knows(identifier):
            return Situation.WRITING
        label = self._known.get(identifier)
        if label is None or label in self._changed:
            return Situation.SIMULATED
        if script not in _READING:
            self._changed.add(label)
            return Situation.SIMULATED
        if password is None:
            return Situation.KNOWN_USER
        if label not in self._passwords:
            return Situation.SIMULATED
        return _attempt(password.reveal(), self._passwords[label].reveal())

    def learn(self, exchange: Exchange) -> None:
        """Take the result of a call into account.

        Args:
            exchange: The call.
        """
        self._history.add(exchange)
        identifier, user_id = exchange.identifier, (exchange.profile or {}).get("user_id")
        if isinstance(identifier, str) and identifier in self._known and isinstance(user_id, str):
            self._seen[user_id] = identifier


def _attempt(typed: str, own: str) -> Situation:
    """Return what a log-in tries: a password that differs only in spelling is not plainly wrong."""
    if typed == own:
        return Situation.KNOWN_USER
    if not typed.strip():
        return Situation.BLANK_PASSWORD if typed else Situation.EMPTY_PASSWORD
    if unicodedata.normalize("NFKC", typed) == unicodedata.normalize("NFKC", own):
        return Situation.SIMULATED
    if typed.strip() == own.strip():
        return Situation.BLANK_PADDED_PASSWORD
    if typed.casefold() == own.casefold():
        return Situation.CASE_CHANGED_PASSWORD
    return Situation.CUT_PASSWORD if _read_by_bcrypt(typed) == _read_by_bcrypt(own) else Situation.WRONG_PASSWORD


def _read_by_bcrypt(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")[:_MOST_BYTES]
