"""The history of the users created by a check: the state after each call, if the scripts do what they report."""

from collections.abc import Mapping
from typing import Any, Final

from attrs import evolve, frozen

from customdb_contract.contract import Script
from customdb_contract.transcript._exchange import Ending, Exchange
from customdb_contract.transcript._values import RecordedError, Value

__all__ = ["Account", "History", "Moment", "is_done"]

_READING: Final = (Script.LOGIN, Script.GET_USER)
_NEVER: Final[Mapping[Script, Exchange]] = {}


@frozen(kw_only=True)
class Account:
    """What must be true of an account created by the check.

    Args:
        number: Its number, from 0; it stays the same when the e-mail changes.
        person: The label of the user that `create` was about.
        email: The current e-mail.
        username: The username, or None.
        created: The `create` that created it.
        last_write: The last call that might have changed the account: at first its `create`.
        exists: Whether it exists; None if a call ended in a way that leaves this open.
        password: The current password, as its marker; None if unknown.
        former_passwords: The passwords that must no longer work.
        verified: Whether the e-mail is verified; None if unknown.
        maybe_passwords: Possible passwords after a write with an inconclusive result, until a log-in decides.
        maybe_email: A possible e-mail after such a write, or None, until an account is found by it.
    """

    number: int
    person: str
    email: str
    username: str | None
    created: Exchange
    last_write: Exchange
    exists: bool | None = True
    password: str | None = None
    former_passwords: tuple[str, ...] = ()
    verified: bool | None = None
    maybe_passwords: tuple[str, ...] = ()
    maybe_email: str | None = None

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The identifiers that must find the account."""
        return (self.email,) if self.username is None else (self.email, self.username)


@frozen(kw_only=True)
class Moment:
    """A call that was about users created by the check, and the state before it.

    Args:
        exchange: The call.
        account: The account that the call was about, even a deleted one; None if there never was one.
        former: The account that had the identifier as its e-mail before, if no account has it now.
        clash: The account that already has the identifier that the call wants to assign.
        latest_write: The last earlier call that might have changed any account.
        write_before: The one before that.
        writes_to: The number of the account that the latest write was about, or None.
        seen: The last call of `login` and of `get_user` that found the account since the last write to it.
    """

    exchange: Exchange
    account: Account | None
    former: Account | None
    clash: Account | None
    latest_write: Exchange | None
    write_before: Exchange | None
    writes_to: int | None
    seen: Mapping[Script, Exchange]

    @property
    def is_right(self) -> bool:
        """Whether the account must be found: it exists, the identifier is exact, and `login` has the right password."""
        if self.account is None or not self.account.exists or not self.is_exact:
            return False
        return self.exchange.script is Script.GET_USER or self.exchange.argument(1) == self.account.password

    @property
    def follows(self) -> Exchange | None:
        """The write to this account if no other write followed it, or None."""
        written = None if self.account is None else self.account.last_write
        return written if written is self.latest_write else None

    @property
    def seen_just_before(self) -> Exchange | None:
        """The call of the same script that found the account before the latest write, and after every other one."""
        seen = self.seen.get(self.exchange.script)
        if seen is None or self.latest_write is None or seen.number > self.latest_write.number:
            return None
        return seen if self.write_before is None or seen.number > self.write_before.number else None

    @property
    def is_nobodys(self) -> bool:
        """Whether the call certainly matched no account."""
        return self.account is None or self.account.exists is False

    @property
    def is_exact(self) -> bool:
        """Whether the identifier is spelled exactly as in the account."""
        return self.account is not None and self.exchange.identifier in self.account.identifiers


class History:
    """Follows the calls of a check, one after the other."""

    def __init__(self) -> None:
        self._accounts: list[Account] = []
        self._current: dict[str, int] = {}
        self._former: dict[str, int] = {}
        self._user_ids: dict[str, int] = {}
        self._seen: dict[int, Mapping[Script, Exchange]] = {}
        self._latest_write: Exchange | None = None
        self._write_before: Exchange | None = None
        self._writes_to: int | None = None

    def find(self, identifier: Value) -> Account | None:
        """Return the account that an identifier stands for now, regardless of case, even a deleted one.

        Args:
            identifier: An e-mail or a username.
        """
        number = self._current.get(identifier.lower()) if isinstance(identifier, str) else None
        return None if number is None else self._accounts[number]

    def find_by_id(self, user_id: Value) -> Account | None:
        """Return the account that was seen with a `user_id`, even a deleted one.

        Args:
            user_id: The id, without the prefix `auth0|`.
        """
        number = self._user_ids.get(user_id) if isinstance(user_id, str) else None
        return None if number is None else self._accounts[number]

    def sightings_of(self, account: Account) -> Mapping[Script, Exchange]:
        """Return the last call of `login` and of `get_user` that found an account since the last write to it.

        Args:
            account: The account.
        """
        return self._seen.get(account.number, _NEVER)

    def knows(self, identifier: Value) -> bool:
        """Tell whether any account ever had an identifier.

        Args:
            identifier: An e-mail or a username.
        """
        return isinstance(identifier, str) and (
            identifier.lower() in self._current or identifier.lower() in self._former
        )

    def add(self, exchange: Exchange) -> Moment | None:
        """Take the next call into account.

        Args:
            exchange: The call.

        Returns:
            The state before it; None if it is not about users created by the check, or is not judged.
        """
        family = exchange.situation.family
        if family in {"hostile", "outage"}:
            self._doubt_all(exchange)
            return None
        moment = self.follow(exchange) if family in {"writing", "clean-up"} else None
        return None if family == "clean-up" else moment

    def follow(self, exchange: Exchange) -> Moment | None:
        """Take the next call into account as one about users created by the check, whatever its situation.

        Args:
            exchange: The call.

        Returns:
            The state before it; None if it is not judged.
        """
        moment = self._moment(exchange)
        if exchange.marks:
            self._doubt_all(exchange)
            return None
        self._apply(moment)
        return moment

    def _moment(self, exchange: Exchange) -> Moment:
        identifier = exchange.identifier
        clash: Account | None = None
        match exchange.script:
            case Script.CREATE:
                user = _user_of(exchange)
                account = None
                clash = self._holder(user.get("email")) or self._holder(user.get("username"))
                former = None
            case Script.DELETE:
                account = self.find_by_id(identifier)
                former = None
            case _:
                account = self.find(identifier)
                former = self._former_holder(identifier)
        if exchange.script is Script.CHANGE_EMAIL:
            clash = self._holder(exchange.argument(1))
            clash = None if clash is not None and account is not None and clash.number == account.number else clash
        return Moment(
            exchange=exchange,
            account=account,
            former=former,
            clash=clash,
            latest_write=self._latest_write,
            write_before=self._write_before,
            writes_to=self._writes_to,
            seen=_NEVER if account is None else self.sightings_of(account),
        )

    def _holder(self, identifier: Value) -> Account | None:
        account = self.find(identifier)
        return None if account is None or account.exists is False else account

    def _former_holder(self, identifier: Value) -> Account | None:
        number = self._former.get(identifier.lower()) if isinstance(identifier, str) else None
        return None if number is None or self._holder(identifier) is not None else self._accounts[number]

    def _apply(self, moment: Moment) -> None:
        exchange, account = moment.exchange, moment.account
        if exchange.script in _READING:
            if account is not None and exchange.ending is Ending.FOUND:
                account = self._settle(account, exchange)
            if account is not None and exchange.identifier in account.identifiers:
                self._note_sighting(account, moment)
            elif moment.former is not None and exchange.ending is Ending.FOUND:
                self._current[str(exchange.identifier).lower()] = moment.former.number
                self._doubt(moment.former, exchange)
            return
        before = len(self._accounts)
        match exchange.script:
            case Script.CREATE:
                self._create(exchange, moment.clash)
            case Script.DELETE:
                self._delete(account, exchange)
            case _ if account is None:
                pass
            case Script.VERIFY:
                self._verify(account, exchange)
            case Script.CHANGE_PASSWORD:
                self._change_password(account, exchange)
            case _:
                self._change_email(account, exchange, moment.clash)
        self._write_before, self._latest_write = self._latest_write, exchange
        self._writes_to = before if len(self._accounts) > before else None if account is None else account.number

    def _settle(self, account: Account, exchange: Exchange) -> Account:
        """Settle what a look shows about an account after a write with an inconclusive result."""
        if not account.maybe_passwords or exchange.identifier not in (*account.identifiers, account.maybe_email):
            return account
        settled = evolve(account, exists=True)
        if account.maybe_email is not None and exchange.identifier == account.maybe_email:
            self._current.pop(account.email.lower(), None)
            self._former[account.email.lower()] = account.number
            settled = evolve(settled, email=account.maybe_email, maybe_email=None)
        typed = exchange.argument(1)
        if exchange.script is Script.LOGIN and typed in account.maybe_passwords:
            settled = evolve(settled, password=_text(typed), maybe_passwords=(), maybe_email=None)
        self._accounts[account.number] = settled
        return settled

    def _note_sighting(self, account: Account, moment: Moment) -> None:
        exchange = moment.exchange
        profile = exchange.profile
        if profile is None or account.exists is False:
            # A contradiction of the scripts' own result is reported once; after it, the true state is unknown.
            if moment.is_right and exchange.identifier == account.email:
                self._doubt(account, exchange)
            elif moment.is_right:
                self._accounts[account.number] = evolve(account, username=None)
            return
        if moment.is_right:
            # A moment keeps what was true before, so that another mapping takes the place of the one it has.
            self._seen[account.number] = {**moment.seen, exchange.script: exchange}
        user_id = profile.get("user_id") or profile.get("id")
        if user_id is not None:
            # A store can assign an id again after its account was deleted.
            holder = self._accounts[self._user_ids.get(str(user_id), account.number)]
            self._user_ids[str(user_id)] = holder.number if holder.exists else account.number

    def _create(self, exchange: Exchange, clash: Account | None) -> None:
        user = _user_of(exchange)
        email, username = user.get("email"), user.get("username")
        if clash is not None:
            if exchange.ending is not Ending.FAILED:
                self._doubt(clash, exchange)
            return
        if not isinstance(email, str) or _is_user_exists(exchange):
            return
        is_made, password = is_done(exchange), _text(user.get("password"))
        account = Account(
            number=len(self._accounts),
            person=exchange.person,
            email=email,
            username=username if isinstance(username, str) else None,
            created=exchange,
            last_write=exchange,
            exists=True if is_made else None,
            password=password if is_made else None,
            maybe_passwords=(password,) if exchange.ending is Ending.INVALID and password is not None else (),
        )
        self._accounts.append(account)
        for name in account.identifiers:
            self._current[name.lower()] = account.number
            self._former.pop(name.lower(), None)

    def _verify(self, account: Account, exchange: Exchange) -> None:
        if exchange.ending is Ending.DONE and account.exists:
            self._set(account, exchange, verified=True)
        elif exchange.ending is not Ending.DECLINED:
            self._set(account, exchange, verified=None)

    def _change_password(self, account: Account, exchange: Exchange) -> None:
        password = _text(exchange.argument(1))
        if exchange.ending is Ending.DONE and account.exists:
            former = (*account.former_passwords, account.password)
            kept = tuple(name for name in dict.fromkeys(former) if name is not None and name != password)
            self._set(account, exchange, password=password, former_passwords=kept)
        elif exchange.ending is not Ending.DECLINED:
            maybe = tuple(name for name in (password, account.password) if name is not None)
            is_unclear = exchange.ending is Ending.INVALID and account.exists is True and len(maybe) > 1
            unclear = maybe if is_unclear else ()
            self._set(account, exchange, password=None, former_passwords=(), maybe_passwords=unclear)

    def _change_email(self, account: Account, exchange: Exchange, clash: Account | None) -> None:
        email, verified = exchange.argument(1), exchange.argument(2)
        is_nobodys, is_taken = account.exists is False, clash is not None and clash.exists is True
        is_certain = is_taken or is_nobodys
        is_refused = exchange.ending is Ending.DECLINED or (exchange.ending is Ending.FAILED and is_certain)
        if is_refused or not isinstance(email, str) or (is_nobodys and clash is not None):
            return
        is_changed = exchange.ending is Ending.DONE and account.exists is True
        flag = verified if is_changed and isinstance(verified, bool) else None
        if email.lower() == account.email.lower():
            self._set(account, exchange, verified=flag)
        elif is_changed and clash is None:
            self._set(account, exchange, email=email, verified=flag)
            self._current.pop(account.email.lower(), None)
            self._current[email.lower()] = account.number
            self._former[account.email.lower()] = account.number
            self._former.pop(email.lower(), None)
        else:
            # An account that was created unexpectedly can have the new e-mail.
            self._doubt(evolve(account, exists=None), exchange)
            if clash is not None:
                self._doubt(clash, exchange)
                return
            self._current[email.lower()] = account.number
            if exchange.ending is Ending.INVALID and account.exists and account.password is not None:
                doubted = self._accounts[account.number]
                self._accounts[account.number] = evolve(doubted, maybe_passwords=(account.password,), maybe_email=email)

    def _delete(self, account: Account | None, exchange: Exchange) -> None:
        if account is None or not account.exists:
            self._doubt_unseen(exchange)
        if account is not None and account.exists is False:
            self._set(account, exchange)
        elif account is not None and account.exists and exchange.ending is Ending.DONE:
            self._set(account, exchange, exists=False)
        elif account is not None:
            self._doubt(account, exchange)

    def _doubt_unseen(self, exchange: Exchange) -> None:
        """Mark accounts with unknown ids as uncertain, because the id may be theirs."""
        known = set(self._user_ids.values())
        for account in self._accounts:
            if account.exists and account.number not in known:
                self._doubt(account, exchange)

    def _set(self, account: Account, write: Exchange, **changes: Any) -> None:
        self._accounts[account.number] = evolve(account, last_write=write, **changes)
        self._seen.pop(account.number, None)

    def _doubt(self, account: Account, write: Exchange) -> None:
        exists = None if account.exists else account.exists
        forgotten = {"password": None, "former_passwords": (), "verified": None}
        self._set(account, write, exists=exists, maybe_passwords=(), maybe_email=None, **forgotten)

    def _doubt_all(self, exchange: Exchange) -> None:
        if exchange.script not in _READING:
            for account in self._accounts:
                self._doubt(account, exchange)


def is_done(exchange: Exchange) -> bool:
    """Tell whether a write reports that it did its work; `create` can return the new profile instead.

    Args:
        exchange: A call of a script that writes.
    """
    is_new = exchange.script is Script.CREATE and exchange.ending is Ending.FOUND
    return exchange.ending is Ending.DONE or is_new


def _user_of(create: Exchange) -> Mapping[str, Value]:
    user = create.identifier
    return user if isinstance(user, Mapping) else {}


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def _is_user_exists(exchange: Exchange) -> bool:
    error = exchange.outcome.error
    return (
        exchange.ending is Ending.FAILED
        and isinstance(error, RecordedError)
        and error.name == "ValidationError"
        and error.arguments[:1] == ("user_exists",)
    )
