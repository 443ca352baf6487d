"""The cost of the state machine, in addition to Hypothesis itself, which draws the steps, and the scripts."""

import itertools
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from typing_extensions import override

from benchmarks.timing import Measured, ratio
from customdb_contract import Done, Found, ValidationError, WrongUsernameOrPasswordError
from customdb_contract.contract import Script
from customdb_contract.testing import CustomDatabaseMachine
from customdb_contract.testing.strategies import InMemoryDatabase

sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "bookshop"))

from accounts import Accounts
from create_store import create_empty_store

_STORES: Final = TemporaryDirectory(prefix="customdb-contract-benchmark-")
_NUMBERS: Final = itertools.count()
_MOST_FAILING_LOGINS: Final = 2
_MOST_FAILING_LOGINS_IN_ALL: Final = 4
_NAMES: Final = st.sampled_from(("first", "second", "third"))


class _Ours(CustomDatabaseMachine):
    """The machine on a correct database in memory."""

    @override
    def fresh_database(self) -> object:
        return InMemoryDatabase


class _OursOnSqlite(_Ours):
    """The machine on the bookshop's store: a new SQLite file for each example, and passwords hashed by bcrypt."""

    @override
    def fresh_database(self) -> object:
        return new_shop


class _Bare(RuleBasedStateMachine):
    """The equivalent written by hand: the same steps, the same calls, and a dictionary that must agree with them."""

    def fresh_database(self) -> Any:
        return InMemoryDatabase()

    def __init__(self) -> None:
        super().__init__()
        self.database = self.fresh_database()
        self.passwords: dict[str, str] = {}
        self.failing: Counter[str] = Counter()
        self.last: Callable[[], object] = self.close
        self.outage: object = None

    def close(self) -> None:
        """Close nothing."""

    def _do(self, write: Callable[[], object]) -> None:
        self.last = write
        write()

    @initialize(name=_NAMES, password=_NAMES)
    def sign_up(self, name: str, password: str) -> None:
        self._do(partial(self._create, name, password))

    @rule(name=_NAMES, username=_NAMES, password=_NAMES)
    def create(self, name: str, username: str, password: str) -> None:  # noqa: ARG002 - the other machine draws it too
        self._do(partial(self._create, name, password))

    def _create(self, name: str, password: str) -> None:
        email = f"{name}@example.com"
        try:
            is_done = self.database.create({"email": email, "password": password}) == Done()
        except ValidationError:
            is_done = False
        assert is_done is (email not in self.passwords)
        if is_done:
            self.passwords[email] = password

    @rule(name=_NAMES, other=st.none() | _NAMES)
    def log_in(self, name: str, other: str | None) -> None:
        email = f"{name}@example.com"
        right = self.passwords.get(email)
        password = other or right or name
        if password != right and (
            self.failing[email] == _MOST_FAILING_LOGINS or self.failing.total() == _MOST_FAILING_LOGINS_IN_ALL
        ):
            return
        try:
            is_in = isinstance(self.database.login(email, password), Found)
        except WrongUsernameOrPasswordError:
            is_in = False
        self.failing[email] += not is_in
        assert is_in is (password == right)

    @rule(name=_NAMES, is_upper=st.booleans())
    def get_user(self, name: str, *, is_upper: bool) -> None:
        email = f"{name}@example.com"
        found = self.database.get_user(email.upper() if is_upper else email)
        assert isinstance(found, Found) is (email in self.passwords)

    def _look_at(self, name: str, password: str | None = None) -> None:
        self.get_user(name, is_upper=False)
        self.log_in(name, password)

    @precondition(lambda self: self.last is not None)
    @rule(is_looked_at=st.booleans(), name=_NAMES)
    def verify(self, name: str, *, is_looked_at: bool) -> None:
        self._do(partial(self.database.verify, f"{name}@example.com"))
        if is_looked_at:
            self._look_at(name)

    @precondition(lambda self: self.last is not None)
    @rule(is_looked_at=st.booleans(), name=_NAMES, password=_NAMES)
    def change_password(self, name: str, password: str, *, is_looked_at: bool) -> None:
        self._do(partial(self._change_password, f"{name}@example.com", password))
        if is_looked_at:
            self._look_at(name, password)

    def _change_password(self, email: str, password: str) -> None:
        is_done = self.database.change_password(email, password) == Done()
        assert is_done is (email in self.passwords)
        if is_done:
            self.passwords[email] = password

    @precondition(lambda self: self.last is not None)
    @rule(is_looked_at=st.booleans(), name=_NAMES, new_name=_NAMES, verified=st.booleans())
    def change_email(self, name: str, new_name: str, *, verified: bool, is_looked_at: bool) -> None:
        self._do(partial(self._change_email, f"{name}@example.com", f"{new_name}@example.com", verified))
        if is_looked_at:
            self._look_at(new_name)
            self._look_at(name)

    def _change_email(self, email: str, new_email: str, verified: bool) -> None:  # noqa: FBT001 - as the script
        self.database.change_email(email, new_email, verified)
        if email in self.passwords and new_email not in self.passwords:
            self.passwords[new_email] = self.passwords.pop(email)

    @precondition(lambda self: self.last is not None)
    @rule(is_looked_at=st.booleans(), name=_NAMES)
    def delete(self, name: str, *, is_looked_at: bool) -> None:
        email = f"{name}@example.com"
        found = self.database.get_user(email)
        if isinstance(found, Found):
            self._do(partial(self.database.delete, str(found.profile["user_id"])))
            del self.passwords[email]
            if is_looked_at:
                self._look_at(name)

    @precondition(lambda self: self.last is not None)
    @rule()
    def again(self) -> None:
        self.last()

    @precondition(lambda self: self.outage is not None)
    @rule(name=_NAMES, script=st.sampled_from((Script.GET_USER, Script.LOGIN)))
    def store_is_out_of_reach(self, name: str, script: Script) -> None:
        """Is never called, because there is no outage; the same rules make Hypothesis draw the same steps."""


class _BareOnSqlite(_Bare):
    """The same, written by hand."""

    @override
    def fresh_database(self) -> Any:
        return new_shop()

    @override
    def teardown(self) -> None:
        self.database.__exit__()


class _QuickAccounts(Accounts):
    @override
    def _open(self) -> sqlite3.Connection:
        connection = super()._open()
        # The load of the disk must affect neither of the two.
        connection.execute("PRAGMA synchronous = OFF")
        return connection


def new_shop() -> Accounts:
    """Return the bookshop's accounts over a new and empty store."""
    return _QuickAccounts(create_empty_store(Path(_STORES.name) / f"{next(_NUMBERS)}.sqlite3"))


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratio.

    Args:
        brief: Whether a rough result is enough.
    """
    chosen = settings(
        max_examples=5 if brief else 50,
        stateful_step_count=50,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    def run(machine: type[RuleBasedStateMachine]) -> None:
        run_state_machine_as_test(seed(2026)(machine), settings=chosen)

    for what, ours, bare, at_most in (
        ("the bookshop's SQLite store", _OursOnSqlite, _BareOnSqlite, 1.5),
        # In memory a script takes no time, so most of the time is spent switching to its thread and back.
        ("an in-memory database", _Ours, _Bare, 2.5),
    ):
        yield Measured(
            f"the state machine over {what}, in times of a bare one with as many steps",
            ratio(partial(run, ours), partial(run, bare), repeat=2 if brief else 5, clock=time.process_time),
            at_most=at_most,
        )
