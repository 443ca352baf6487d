"""`CustomDatabaseMachine`: unexpected sequences of calls, judged by the same rules."""

from collections import Counter
from contextlib import ExitStack
from typing import Final, cast

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from typing_extensions import override

from customdb_contract.bridges.opening import opened
from customdb_contract.calling import Caller, PlannedCall
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, ContractBrokenError
from customdb_contract.findings import Need
from customdb_contract.probes.circumstances import organization_context
from customdb_contract.probes.set_up import refusal_of_new_user
from customdb_contract.rules import judge
from customdb_contract.secrets import SecretKind, SecretRef
from customdb_contract.testing._acting import NAMES, given_to_create, passwords_of, people_of, registry_of
from customdb_contract.testing._breaches import proven_breach, rules_in_sight, told_breach
from customdb_contract.testing._fresh import refuse_unfit
from customdb_contract.testing.machines import DatabaseMachine
from customdb_contract.transcript import UNKNOWN, Ending, Exchange, Header, History, Recorder, Situation

__all__ = ["CustomDatabaseMachine"]

_MARKERS: Final = {name: SecretRef(SecretKind.PASSWORD, name).marker for name in NAMES}

_MOST_FAILING_LOGINS: Final = 2
"""For one identifier, so that no store locks a user out."""
_MOST_FAILING_LOGINS_IN_ALL: Final = 4
"""Some stores count by IP address instead."""

_LACKING: Final = frozenset({Need.LIFE, Need.SECOND_USER, Need.WRONG_PASSWORD})
"""There is no tenant, and no user is in the store before the first call."""

_LEGACY_ONLY: Final = (Script.VERIFY, Script.CHANGE_EMAIL, Script.DELETE)
"""What Auth0 calls only with import mode off."""

_names = st.sampled_from(NAMES)


class CustomDatabaseMachine(DatabaseMachine):
    """A Hypothesis state machine that calls all scripts of a database in any order, and judges what they did.

    Subclass it, override `fresh_database`, and run it with `run_machine`, or as the class's `TestCase`. Each example
    opens a fresh database and calls create, login, get_user, verify, change_password, change_email and delete, as far
    as they exist, for a few users whose data collide. At the end of an example, the rules judge what happened. A breach
    shrinks to the shortest sequence, and is shown as a transcript for `customdb-contract replay`.

    Attributes:
        connection: The settings of the connection. With import mode on, the only scripts that write to be called are
            `create` (to create a user) and `change_password`.
        new_user: What users who sign up look like, including their passwords.
        timeout: Seconds that one script may take.
        select: Names of rules or groups to judge; empty stands for all.
        ignore: Names of rules or groups not to judge.
        waived: Rules that may fail, each with the reason.
        fail_on: The lowest severity that fails: `error` or `warning`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._people = people_of(self.new_user, requires_username=self.connection.requires_username)
        self._passwords = passwords_of(self.new_user)
        self._registry = registry_of(self.new_user)
        self._recorder = Recorder(
            Header(people=tuple(self._people.values()), connection=self.connection), self._registry
        )
        self._history = History()
        self._failing_logins: Counter[str] = Counter()
        self._last: PlannedCall | None = None
        self._stack = ExitStack()
        try:
            self._caller = self._open(self.fresh_database())
            self._recorder.know_scripts(self._caller.scripts)
            refuse_unfit(self._caller, self._people.values())
            outage = self.outage_database()
            self._outage = None if outage is None else self._open(outage)
        except BaseException:
            self._stack.close()
            raise

    def _open(self, database: object) -> Caller:
        opening = opened(database, connection=self.connection, mask=self._registry, timeout=self.timeout)
        return Caller(self._stack.enter_context(opening), self._recorder)

    def _has(self, script: Script) -> bool:
        is_called = not self.connection.import_mode or script not in _LEGACY_ONLY
        return script in self._caller.scripts and is_called

    @initialize(name=_names, password=_names)
    def sign_up(self, name: str, password: str) -> None:
        """Begin with one user, because nothing happens without users."""
        exchange = self._create(name, name, password)
        if exchange.ending is Ending.FAILED:
            raise ConfigurationError(refusal_of_new_user(exchange))

    def _look_at(self, name: str, password: str | None = None) -> None:
        """Look a user up, and log in with the right password if none is given: otherwise, a write shows nothing."""
        self.get_user(name, is_upper=False)
        self.log_in(name, password)

    @rule(name=_names, username=_names, password=_names)
    def create(self, name: str, username: str, password: str) -> None:
        """Sign a user up, even if the user exists."""
        self._create(name, username, password)

    def _create(self, name: str, username: str, password: str) -> Exchange:
        user = given_to_create(
            self.connection, self.new_user, name, self._people[username].username, self._passwords[password]
        )
        return self._do(PlannedCall(Script.CREATE, (user,), name, Situation.WRITING))

    @rule(name=_names, other=st.none() | _names)
    def log_in(self, name: str, other: str | None) -> None:
        """Log in with the right or another password, but not so often that a store locks a user out."""
        email = str(self._people[name].email)
        right = self._right_password(email)
        password = other or right or name
        failing = self._failing_logins
        may_fail = failing[email] < _MOST_FAILING_LOGINS and failing.total() < _MOST_FAILING_LOGINS_IN_ALL
        if self._has(Script.LOGIN) and (password == right or may_fail):
            exchange = self._look(Script.LOGIN, name, email, self._passwords[password])
            failing[email] += exchange.ending is not Ending.FOUND

    def _right_password(self, email: str) -> str | None:
        """Return the name of the password of the account with an e-mail, if that is certain."""
        account = self._history.find(email)
        if account is None or not account.exists:
            return None
        return next((name for name in NAMES if account.password == _MARKERS[name]), None)

    @rule(name=_names, is_upper=st.booleans())
    def get_user(self, name: str, *, is_upper: bool) -> None:
        """Look a user up, sometimes in upper case."""
        email = str(self._people[name].email)
        self._look(Script.GET_USER, name, email.upper() if is_upper else email)

    def _look(self, script: Script, name: str, email: str, *arguments: object) -> Exchange:
        is_known = self._history.knows(email)
        situation = Situation.WRITING if is_known else Situation.UNKNOWN_USER
        return self._do(PlannedCall(script, (email, *arguments), name if is_known else UNKNOWN, situation))

    @precondition(lambda self: self._has(Script.VERIFY))
    @rule(is_looked_at=st.booleans(), name=_names)
    def verify(self, name: str, *, is_looked_at: bool) -> None:
        """Open the link that verifies an e-mail, sometimes twice or for an unknown user."""
        self._do(PlannedCall(Script.VERIFY, (self._people[name].email,), name, Situation.WRITING))
        if is_looked_at:
            self._look_at(name)

    @precondition(lambda self: self._has(Script.CHANGE_PASSWORD))
    @rule(is_looked_at=st.booleans(), name=_names, password=_names)
    def change_password(self, name: str, password: str, *, is_looked_at: bool) -> None:
        """Reset a password, sometimes to the same one or for an unknown user."""
        arguments = (self._people[name].email, self._passwords[password])
        self._do(PlannedCall(Script.CHANGE_PASSWORD, arguments, name, Situation.WRITING))
        if is_looked_at:
            self._look_at(name, password)

    @precondition(lambda self: self._has(Script.CHANGE_EMAIL))
    @rule(is_looked_at=st.booleans(), name=_names, new_name=_names, verified=st.booleans())
    def change_email(self, name: str, new_name: str, *, verified: bool, is_looked_at: bool) -> None:
        """Change a user's e-mail, sometimes to the same one or to another user's."""
        arguments = (self._people[name].email, self._people[new_name].email, verified)
        self._do(PlannedCall(Script.CHANGE_EMAIL, arguments, name, Situation.WRITING))
        if is_looked_at:
            self._look_at(new_name)
            self._look_at(name)

    @precondition(lambda self: self._has(Script.DELETE))
    @rule(is_looked_at=st.booleans(), name=_names)
    def delete(self, name: str, *, is_looked_at: bool) -> None:
        """Delete a user by the `user_id` that get_user returns."""
        exchange = self._look(Script.GET_USER, name, str(self._people[name].email))
        profile = exchange.profile or {}
        user_id = profile.get("user_id") or profile.get("id")
        if user_id is not None:
            self._do(PlannedCall(Script.DELETE, (str(user_id),), name, Situation.WRITING))
            if is_looked_at:
                self._look_at(name)

    @precondition(lambda self: self._last is not None)
    @rule()
    def again(self) -> None:
        """Repeat the last write, like a user who got an error."""
        self._do(cast("PlannedCall", self._last))

    @precondition(lambda self: self._outage is not None)
    @rule(name=_names, script=st.sampled_from((Script.GET_USER, Script.LOGIN)))
    def store_is_out_of_reach(self, name: str, script: Script) -> None:
        """Look a user up, or log in, while the store is unreachable."""
        caller = cast("Caller", self._outage)
        if script in caller.scripts:
            email = self._people[name].email
            arguments = (email,) if script is Script.GET_USER else (email, self._passwords[name])
            self._do(PlannedCall(script, arguments, name, Situation.OUTAGE), caller)

    def _do(self, planned: PlannedCall, caller: Caller | None = None) -> Exchange:
        exchange = (caller or self._caller).call(
            evolve(planned, person=self._label(planned.person)),
            context=organization_context(planned.script, self.new_user.organization),
        )
        self._history.add(exchange)
        if planned.script not in {Script.GET_USER, Script.LOGIN}:
            self._last = planned
        return exchange

    def _label(self, name: str) -> str:
        """Return the name of the user whose account has a user's original e-mail now."""
        person = self._people.get(name)
        account = None if person is None else self._history.find(person.email)
        return name if account is None or account.exists is False else account.person

    @override
    def try_out(self) -> None:
        self.sign_up(NAMES[0], NAMES[0])

    @override
    def close(self) -> None:
        self._stack.close()

    @override
    def judge(self) -> None:
        visible = rules_in_sight(frozenset(self.select), self.connection, _LACKING)
        if not visible:
            return
        report = judge(
            self._recorder.transcript(),
            select=visible,
            ignore=self.ignore,
            waived=self.waived,
            fail_on=self.fail_on,
        )
        proven = proven_breach(report)
        if proven is not None:
            rule, finding = proven
            advice = [f"How to fix it: customdb-contract rules {rule.name}"]
            raise ContractBrokenError(told_breach(report, rule.name, finding, advice, ()))
