"""What must be true of the users of one connection, whatever happened to them, beyond what rules judge."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attrs import evolve, frozen

from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Severity
from customdb_contract.probes.set_up import is_denial
from customdb_contract.secrets import Secret
from customdb_contract.tenant import LogCode, OperationKind, OperationOutcome, User
from customdb_contract.transcript import Account, Exchange, History, Moment, is_done

__all__ = ["Contradiction", "Life"]

_READING: Final = frozenset({Script.LOGIN, Script.GET_USER})
_SIGNING_UP: Final = frozenset({OperationKind.SIGN_UP, OperationKind.CREATE_USER})
_ENTERING: Final = _SIGNING_UP | {OperationKind.LOG_IN}
_METADATA: Final = ("user_metadata", "app_metadata")


@frozen
class Contradiction:
    """An event that is impossible with a correct database, and that no rule judges.

    Args:
        name: Its name.
        finding: What happened; the numbers are those of the transcript of the connection.
    """

    name: str
    finding: Finding


@frozen
class _Identity:
    """The user that an account was seen as.

    Args:
        user_id: The `user_id`, without the prefix `auth0|`.
        account: The account.
        exchange: The call that showed it.
    """

    user_id: str
    account: Account
    exchange: Exchange


class Life:
    """Follows what happens on one connection of the tenant, to a store that only the tenant writes to.

    Args:
        created: The calls of `create` that added users to the store before.
        passwords: The passwords in these calls.

    Attributes:
        contradiction: The first one, or None.
    """

    def __init__(self, created: Sequence[Exchange], passwords: Sequence[Secret]) -> None:
        self.contradiction: Contradiction | None = None
        self._history = History()
        self._typed: dict[str, Secret] = {}
        self._identities: dict[int, _Identity] = {}
        for exchange, password in zip(created, passwords, strict=True):
            self._learn(evolve(exchange, number=0), password)

    def password_of(self, email: str) -> Secret | None:
        """Return the password that must be right for the user with an e-mail, if that is certain.

        Args:
            email: The e-mail.
        """
        account = self._history.find(email)
        known = None if account is None or not account.exists else account.password
        return None if known is None else self._typed.get(known)

    def knows(self, email: str) -> bool:
        """Tell whether any user ever had an e-mail.

        Args:
            email: The e-mail.
        """
        return self._history.knows(email)

    def former_password_of(self, email: str) -> Secret | None:
        """Return a password that was right for the user with an e-mail before the last change, or None.

        Args:
            email: The e-mail.
        """
        account = self._history.find(email)
        former = () if account is None else account.former_passwords
        return next((self._typed[marker] for marker in reversed(former)), None)

    def follow(self, outcome: OperationOutcome, typed: Secret | None, *, import_mode: bool) -> None:
        """Take the outcome of an operation into account.

        Args:
            outcome: The outcome.
            typed: The password that was given, or None.
            import_mode: Whether import mode was on.
        """
        moments = [moment for exchange in outcome.calls if (moment := self._learn(exchange, typed)) is not None]
        if self.contradiction is None:
            found = self._contradictions(outcome, moments, import_mode=import_mode)
            self.contradiction = next(found, None)

    def _learn(self, exchange: Exchange, typed: Secret | None) -> Moment | None:
        if typed is not None:
            given = exchange.argument(0 if exchange.script is Script.CREATE else 1)
            marker = given.get("password") if isinstance(given, Mapping) else given
            if isinstance(marker, str):
                self._typed[marker] = typed
        if exchange.situation.family == "outage":
            return self._history.add(exchange)
        # Regardless of what the tenant knows of the user: here it is certain who is in the store.
        return self._history.follow(exchange)

    def _contradictions(
        self, outcome: OperationOutcome, moments: Sequence[Moment], *, import_mode: bool
    ) -> Iterator[Contradiction]:
        for moment in moments:
            if moment.exchange.script in _READING:
                yield from _wrong_answers(moment)
                yield from self._anothers_profile(moment)
        if not moments:
            return
        if outcome.operation in _SIGNING_UP:
            yield from _lost_sign_up(moments)
        if outcome.operation is OperationKind.LOG_IN:
            yield from self._misleading_log(outcome, moments[-1])
        if not outcome.succeeded or outcome.user is None or outcome.operation not in _ENTERING:
            return
        if not import_mode or outcome.operation is OperationKind.LOG_IN:
            yield from self._other_identities(moments[-1], outcome.user.identities[0].user_id)
        if import_mode and outcome.interrupted is None:
            yield from _lost_metadata(moments[-1], outcome.user)

    def _other_identities(self, moment: Moment, user_id: str) -> Iterator[Contradiction]:
        """Yield contradictions where one person is two users."""
        account, exchange = moment.account, moment.exchange
        if account is None or not moment.is_right:
            return
        before = self._identities.get(account.number)
        if before is not None and before.user_id != user_id:
            message = "the same person is now a different user; always return the same user_id for a person"
            evidence = (before.exchange, exchange)
            yield _contradiction("one-person-two-users", message, *evidence, expected=before.user_id, got=user_id)
        self._identities[account.number] = _Identity(user_id, account, exchange)

    def _anothers_profile(self, moment: Moment) -> Iterator[Contradiction]:
        """Yield contradictions where two people are one user."""
        account, profile = moment.account, moment.exchange.profile
        if account is None or profile is None or not moment.is_right:
            return
        user_id = str(profile.get("user_id") or profile.get("id"))
        for other in self._identities.values():
            if other.user_id == user_id and other.account.number != account.number and self._is_there(other.account):
                message = f"{moment.exchange.script} returns the user_id of another user; every user needs a unique one"
                evidence = (other.exchange, moment.exchange)
                yield _contradiction("two-people-one-user", message, *evidence, path="user_id", got=user_id)

    def _is_there(self, account: Account) -> bool:
        now = self._history.find(account.email)
        return now is not None and now.number == account.number and now.exists is True

    def _misleading_log(self, outcome: OperationOutcome, moment: Moment) -> Iterator[Contradiction]:
        """Yield contradictions where the log attributes a wrong password to another user."""
        own = None if moment.account is None else moment.account.number
        for entry in outcome.log:
            named = entry.user_id.partition("|")[2]
            holders = [self._history.find(named)]
            holders += [seen.account for seen in self._identities.values() if seen.user_id == named]
            if entry.code is LogCode.WRONG_PASSWORD and any(
                holder is not None and holder.number != own and self._is_there(holder) for holder in holders
            ):
                message = (
                    "the tenant log attributes a wrong password to a user who did not type it; give "
                    "WrongUsernameOrPasswordError the identifier that was typed, or null"
                )
                yield _contradiction("log-names-another-user", message, moment.exchange, got=named)


def _wrong_answers(moment: Moment) -> Iterator[Contradiction]:
    """Yield contradictions between a script that reads and what was written."""
    exchange, account = moment.exchange, moment.account
    if exchange.profile is not None:
        if moment.is_nobodys and moment.former is None:
            message = f"{exchange.script} found a user who is not in the store"
            yield _contradiction("nobody-found", message, *_writes(account), exchange)
        elif (
            exchange.script is Script.LOGIN
            and account is not None
            and moment.is_exact
            and account.password is not None
            and exchange.argument(1) != account.password
        ):
            message = "login accepted a wrong password; compare the whole password"
            yield _contradiction("wrong-password-lets-in", message, *_writes(account), exchange)
    elif moment.is_right and is_denial(exchange):
        what = "refused the right password of" if exchange.script is Script.LOGIN else "did not find"
        message = f"{exchange.script} {what} a user who is in the store"
        yield _contradiction("somebody-denied", message, *_writes(account), exchange)


def _lost_sign_up(moments: Sequence[Moment]) -> Iterator[Contradiction]:
    """Yield contradictions where Auth0 cannot log in the user that `create` has just created."""
    for created, entered in itertools.pairwise(moment.exchange for moment in moments):
        if is_done(created) and is_denial(entered):
            message = "create reported success, and login refused the same e-mail and password right afterwards"
            yield _contradiction("signed-up-in-vain", message, created, entered)


def _lost_metadata(moment: Moment, user: User) -> Iterator[Contradiction]:
    """Yield the metadata that a migration did not find, although the script returned some before."""
    exchange = moment.exchange
    before = moment.seen.get(exchange.script)
    for kind in _METADATA:
        if before is not None and _has(before, kind) and not _has(exchange, kind) and not getattr(user, kind):
            message = (
                f"{exchange.script} returned {kind} at first but none at the log-in that completed the migration, so "
                "Auth0 never gets it; return the same metadata until the migration is complete"
            )
            yield _contradiction("metadata-lost-in-migration", message, before, exchange, path=kind)


def _has(exchange: Exchange, kind: str) -> bool:
    return bool((exchange.profile or {}).get(kind))


def _writes(account: Account | None) -> tuple[Exchange, ...]:
    """Return the call that left an account in its current state, if the transcript has it."""
    return () if account is None or account.last_write.number == 0 else (account.last_write,)


def _contradiction(
    name: str,
    message: str,
    *evidence: Exchange,
    path: str | None = None,
    expected: str | None = None,
    got: str | None = None,
) -> Contradiction:
    numbers = tuple(exchange.number for exchange in evidence)
    finding = Finding(message, Severity.ERROR, evidence[-1].script, numbers, path=path, expected=expected, got=got)
    return Contradiction(name, finding)
