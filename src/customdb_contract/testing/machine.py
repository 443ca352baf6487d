"""`CustomDatabaseMachine`: sequences of calls that nobody thought of, judged by the same rules."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from typing import ClassVar, Final, cast

from attrs import evolve
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from typing_extensions import override

from customdb_contract.bridges.opening import DEFAULT_TIMEOUT, opened
from customdb_contract.calling import Caller, PlannedCall
from customdb_contract.connection import Connection, NewUser
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, ContractBrokenError, DatabaseOpeningError
from customdb_contract.findings import Finding, Need, Report, Verdict
from customdb_contract.outages import needs_address
from customdb_contract.probes.set_up import refusal_of_new_user
from customdb_contract.rules import CATALOGUE, judge, select_rules
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry
from customdb_contract.transcript import (
    UNKNOWN,
    Ending,
    Exchange,
    Header,
    History,
    Person,
    Recorder,
    Situation,
    printable,
)

__all__ = ["CustomDatabaseMachine", "machine_on", "run_machine"]

_NAMES: Final = ("first", "second", "third")
"""So few people that their identifiers often meet."""

_PASSWORDS: Final = {
    name: Secret(password)
    for name, password in zip(_NAMES, ("Tk4!wolme-ruspa", "Gz8?binto-kavel", "Hn6%derzu-pimol"), strict=True)
}
"""No policy finds a name, a word or a row of equal letters in them."""

_MARKERS: Final = {name: SecretRef(SecretKind.PASSWORD, name).marker for name in _NAMES}

_MOST_FAILING_LOGINS: Final = 2
"""For one identifier, so that no store locks anybody out."""
_MOST_FAILING_LOGINS_IN_ALL: Final = 4
"""Some stores count by address instead."""

_NOT_OURS: Final = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
"""Health checks about the speed of a team's database, or the length of a sequence, which nobody can shorten."""

_names = st.sampled_from(_NAMES)


class CustomDatabaseMachine(RuleBasedStateMachine):
    """A state machine of Hypothesis that drives all scripts of a database in any order, and judges what they did.

    Subclass it, override `fresh_database`, and run it with `run_machine`, or as the class's `TestCase`. Each example
    opens a fresh database and calls create, login, get_user, verify, change_password, change_email and delete,
    whichever it has, for a few people who get into each other's way. At the end of an example the rules judge what was
    seen. A breach shrinks to the shortest sequence, and is shown as a transcript that `customdb-contract replay` takes.

    Attributes:
        connection: The settings of the connection. With import mode on, of the writing scripts only `create` (to make
            somebody) and `change_password` are called.
        new_user: What the e-mails and usernames look like.
        timeout: Seconds that one script may take.
        select: Names of rules or groups that are judged; empty stands for all.
        ignore: Names of rules or groups that are not judged.
        waived: Rules whose breach is accepted, with the reason.
        fail_on: The lowest severity that fails: `error` or `warning`.
    """

    connection: ClassVar[Connection] = Connection()
    new_user: ClassVar[NewUser] = NewUser()
    timeout: ClassVar[float] = DEFAULT_TIMEOUT
    select: ClassVar[Collection[str]] = ()
    ignore: ClassVar[Collection[str]] = ()
    waived: ClassVar[Mapping[str, str]] = {}
    fail_on: ClassVar[str] = "error"

    def fresh_database(self) -> object:
        """Return a database with an empty store, in any of the forms that `check` takes.

        Called for each example, so the store must be another one each time, or be emptied here.
        """
        message = f"{type(self).__name__} must override fresh_database, and return a database with an empty store"
        raise ConfigurationError(message)

    def outage_database(self) -> object:
        """Return the same database with its store out of reach, or None: then no outage is tried."""
        return None

    def __init__(self) -> None:
        super().__init__()
        self._people = _people(self.new_user, requires_username=self.connection.requires_username)
        self._registry = _registry(self.new_user)
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
            self._refuse_unfit()
            outage = self.outage_database()
            self._outage = None if outage is None else self._open(outage)
        except BaseException:
            self._stack.close()
            raise

    def _open(self, database: object) -> Caller:
        opening = opened(database, connection=self.connection, mask=self._registry, timeout=self.timeout)
        return Caller(self._stack.enter_context(opening), self._recorder)

    def _refuse_unfit(self) -> None:
        missing = [name for name in (Script.CREATE, Script.GET_USER) if name not in self._caller.scripts]
        if missing:
            message = f"the machine needs the scripts create and get_user, and the fresh database has no {missing[0]}"
            raise ConfigurationError(message)
        for person in self._people.values():
            outcome = self._caller.ask(Script.GET_USER, person.email)
            if outcome.ending is Ending.FOUND:
                message = (
                    f"fresh_database must return a database with an empty store each time, and this one knows "
                    f"{person.email} before anything was created"
                )
                raise ConfigurationError(message)
            if outcome.ending is not Ending.NOT_FOUND:
                message = f"the fresh database cannot be used: get_user ended {outcome.ending} for {person.email}"
                raise ConfigurationError(message)

    def _has(self, script: Script) -> bool:
        is_called = not self.connection.import_mode or script not in _LEGACY_ONLY
        return script in self._caller.scripts and is_called

    @initialize(name=_names, password=_names)
    def sign_up(self, name: str, password: str) -> None:
        """Begin with somebody, for nothing happens to nobody."""
        exchange = self._create(name, name, password)
        if exchange.ending is Ending.FAILED:
            raise ConfigurationError(refusal_of_new_user(exchange))

    def _look_at(self, name: str, password: str | None = None) -> None:
        """Look somebody up, and log in, rightly if no password is given: without that, a write shows nothing."""
        self.get_user(name, is_upper=False)
        self.log_in(name, password)

    @rule(name=_names, username=_names, password=_names)
    def create(self, name: str, username: str, password: str) -> None:
        """Sign somebody up, also where there is somebody already."""
        self._create(name, username, password)

    def _create(self, name: str, username: str, password: str) -> Exchange:
        user: dict[str, object] = {
            "client_id": "client-of-customdb-contract",
            "tenant": "tenant-of-customdb-contract",
            "email": self._people[name].email,
            "password": _PASSWORDS[password],
            "connection": self.connection.name,
        }
        if self.connection.requires_username:
            user["username"] = self._people[username].username
        return self._do(PlannedCall(Script.CREATE, (user,), name, Situation.WRITING))

    @rule(name=_names, other=st.none() | _names)
    def log_in(self, name: str, other: str | None) -> None:
        """Log in rightly, or with another password, but not so often that a store locks somebody out."""
        email = str(self._people[name].email)
        right = self._right_password(email)
        password = other or right or name
        failing = self._failing_logins
        may_fail = failing[email] < _MOST_FAILING_LOGINS and failing.total() < _MOST_FAILING_LOGINS_IN_ALL
        if self._has(Script.LOGIN) and (password == right or may_fail):
            exchange = self._look(Script.LOGIN, name, email, _PASSWORDS[password])
            failing[email] += exchange.ending is not Ending.FOUND

    def _right_password(self, email: str) -> str | None:
        """Return whose password is the one of an e-mail's account, where that is certain."""
        account = self._history.find(email)
        if account is None or not account.exists:
            return None
        return next((name for name in _NAMES if account.password == _MARKERS[name]), None)

    @rule(name=_names, is_upper=st.booleans())
    def get_user(self, name: str, *, is_upper: bool) -> None:
        """Look somebody up, sometimes in upper case."""
        email = str(self._people[name].email)
        self._look(Script.GET_USER, name, email.upper() if is_upper else email)

    def _look(self, script: Script, name: str, email: str, *arguments: object) -> Exchange:
        is_known = self._history.knows(email)
        situation = Situation.WRITING if is_known else Situation.UNKNOWN_USER
        return self._do(PlannedCall(script, (email, *arguments), name if is_known else UNKNOWN, situation))

    @precondition(lambda self: self._has(Script.VERIFY))
    @rule(is_looked_at=st.booleans(), name=_names)
    def verify(self, name: str, *, is_looked_at: bool) -> None:
        """Open the link that verifies an e-mail, also twice, also of nobody."""
        self._do(PlannedCall(Script.VERIFY, (self._people[name].email,), name, Situation.WRITING))
        if is_looked_at:
            self._look_at(name)

    @precondition(lambda self: self._has(Script.CHANGE_PASSWORD))
    @rule(is_looked_at=st.booleans(), name=_names, password=_names)
    def change_password(self, name: str, password: str, *, is_looked_at: bool) -> None:
        """Reset a password, also to the one that there is, also of nobody."""
        arguments = (self._people[name].email, _PASSWORDS[password])
        self._do(PlannedCall(Script.CHANGE_PASSWORD, arguments, name, Situation.WRITING))
        if is_looked_at:
            self._look_at(name, password)

    @precondition(lambda self: self._has(Script.CHANGE_EMAIL))
    @rule(is_looked_at=st.booleans(), name=_names, new_name=_names, verified=st.booleans())
    def change_email(self, name: str, new_name: str, *, verified: bool, is_looked_at: bool) -> None:
        """Give somebody another e-mail, also the same one, also one that somebody has."""
        arguments = (self._people[name].email, self._people[new_name].email, verified)
        self._do(PlannedCall(Script.CHANGE_EMAIL, arguments, name, Situation.WRITING))
        if is_looked_at:
            self._look_at(new_name)
            self._look_at(name)

    @precondition(lambda self: self._has(Script.DELETE))
    @rule(is_looked_at=st.booleans(), name=_names)
    def delete(self, name: str, *, is_looked_at: bool) -> None:
        """Delete somebody by the `user_id` that get_user returns."""
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
        """Make the last write once more, as somebody does who got an error."""
        self._do(cast("PlannedCall", self._last))

    @precondition(lambda self: self._outage is not None)
    @rule(name=_names, script=st.sampled_from((Script.GET_USER, Script.LOGIN)))
    def store_is_out_of_reach(self, name: str, script: Script) -> None:
        """Look somebody up, or log in, while the store is out of reach."""
        caller = cast("Caller", self._outage)
        if script in caller.scripts:
            email = self._people[name].email
            arguments = (email,) if script is Script.GET_USER else (email, _PASSWORDS[name])
            self._do(PlannedCall(script, arguments, name, Situation.OUTAGE), caller)

    def _do(self, planned: PlannedCall, caller: Caller | None = None) -> Exchange:
        exchange = (caller or self._caller).call(evolve(planned, person=self._label(planned.person)))
        self._history.add(exchange)
        if planned.script not in {Script.GET_USER, Script.LOGIN}:
            self._last = planned
        return exchange

    def _label(self, name: str) -> str:
        """Return whose account has somebody's e-mail by now."""
        person = self._people.get(name)
        account = None if person is None else self._history.find(person.email)
        return name if account is None or account.exists is False else account.person

    def close(self) -> None:
        """Close the databases, and judge nothing."""
        self._stack.close()

    @override
    def teardown(self) -> None:
        self.close()
        self._judge()

    def _judge(self) -> None:
        visible = _visible_rules(frozenset(self.select))
        if not visible:
            return
        report = judge(
            self._recorder.transcript(),
            select=visible,
            ignore=self.ignore,
            waived=self.waived,
            fail_on=self.fail_on,
        )
        proven = next(_proven(report), None)
        if proven is not None:
            verdict, finding = proven
            raise ContractBrokenError(_told(report, verdict, finding))


_NEVER_MET: Final = frozenset(
    {
        Need.CONNECTIONS,
        Need.DISABLED_USER,
        Need.EXPECTED_PROFILE,
        Need.HOSTILE,
        Need.INSPECT,
        Need.JAVASCRIPT,
        Need.LONG_PASSWORD,
        Need.REQUESTS,
        Need.SECOND_OPENING,
        Need.SECOND_USER,
        Need.SOURCE,
        Need.UNVERIFIED_USER,
        Need.WRONG_PASSWORD,
    }
)
_LEGACY_ONLY: Final = (Script.VERIFY, Script.CHANGE_EMAIL, Script.DELETE)
"""What Auth0 calls with import mode off only."""


@cache
def _visible_rules(select: frozenset[str]) -> frozenset[str]:
    """Return the selected rules that could see something in these calls."""
    return frozenset(
        rule.info.name
        for rule in CATALOGUE
        if _NEVER_MET.isdisjoint(rule.info.needs)
        and (not select or not select.isdisjoint({rule.info.name, rule.info.group.value}))
    )


def machine_on(
    make: Callable[[], object],
    *,
    connection: Connection | None,
    new_user: NewUser | None,
    outage: object,
    timeout: float,
    select: Collection[str],
    ignore: Collection[str],
    waived: Mapping[str, str],
    fail_on: str,
) -> type[CustomDatabaseMachine]:
    """Return a machine on databases that a function makes, tried twice before it runs.

    Args:
        make: Makes a database with an empty store, another one each time; it is called where the scripts run.
        connection: The settings of the connection, or None for Auth0's defaults.
        new_user: What the e-mails and usernames look like, or None.
        outage: The database with its store out of reach; one that is to be given an address is left out.
        timeout: Seconds that one script may take.
        select: Names of rules or groups that are judged; empty stands for all.
        ignore: Names of rules or groups that are not judged.
        waived: Rules whose breach is accepted, with the reason.
        fail_on: The lowest severity that fails.

    Raises:
        ConfigurationError: When the database is not fresh, cannot be used, or lacks the scripts; when there is no rule
            of such a name.
    """
    select_rules(select=select, ignore=ignore, waived=waived, fail_on=fail_on)
    without_address = None if needs_address(outage) else outage

    def fresh_database(_: CustomDatabaseMachine) -> object:
        return make

    def outage_database(_: CustomDatabaseMachine) -> object:
        return without_address

    attributes: dict[str, object] = {
        "connection": connection or Connection(),
        "new_user": new_user or NewUser(),
        "timeout": timeout,
        "select": tuple(select),
        "ignore": tuple(ignore),
        "waived": dict(waived),
        "fail_on": fail_on,
        "fresh_database": fresh_database,
        "outage_database": outage_database,
    }
    machine = type("FreshDatabaseMachine", (CustomDatabaseMachine,), attributes)
    try:
        for _ in range(2):
            tried = machine()
            tried.sign_up(_NAMES[0], _NAMES[0])
            tried.close()
    except DatabaseOpeningError as error:
        message = f"fresh_database: {error}"
        raise ConfigurationError(message) from None
    return machine


def run_machine(machine: type[CustomDatabaseMachine]) -> None:
    """Run a state machine with the settings of the current Hypothesis profile.

    Args:
        machine: The class.

    Raises:
        ContractBrokenError: When a sequence breaks a rule; the message has the shortest one that was found.
        ConfigurationError: When the database is not fresh, cannot be used, or lacks the scripts.
    """
    # The deadline that nobody chose is meant for one call of a function, not for a whole sequence.
    is_chosen = settings().deadline != settings.get_profile("default").deadline
    deadline = settings().deadline if is_chosen else None
    chosen = settings(
        deadline=deadline,
        suppress_health_check=_NOT_OURS,
        report_multiple_bugs=False,
        # Explaining tells of lines of this library, which are not to blame.
        phases=[phase for phase in settings().phases if phase is not Phase.explain],
    )
    run_state_machine_as_test(machine, settings=chosen)


@cache
def _people(new_user: NewUser, *, requires_username: bool) -> Mapping[str, Person]:
    return {
        name: Person(
            label=name,
            email=new_user.email_of(name),
            username=new_user.username_of(name) if requires_username else None,
            new=True,
        )
        for name in _NAMES
    }


@cache
def _registry(new_user: NewUser) -> SecretRegistry:
    registry = SecretRegistry()
    for person in _people(new_user, requires_username=True).values():
        for identifier in person.identifiers:
            registry.add_public(identifier)
    for name, password in _PASSWORDS.items():
        registry.add(password, SecretRef(SecretKind.PASSWORD, name))
    return registry


def _proven(report: Report) -> Iterator[tuple[Verdict, Finding]]:
    """Yield the findings that make the report fail and that calls prove; what the header shows needs no sequence."""
    for verdict in report.failures:
        for finding in verdict.findings:
            if finding.evidence and finding.severity.rank >= report.fail_on.rank:
                yield verdict, finding


def _told(report: Report, verdict: Verdict, finding: Finding) -> str:
    return "\n".join(
        [
            f"{finding.severity}: {verdict.rule.name}: {printable(finding.told)}",
            *report.evidence_lines(finding),
            f"How to fix it: customdb-contract rules {verdict.rule.name}",
            "",
            "The whole sequence, to the end; stored in a file, `customdb-contract replay FILE` judges it again:",
            "",
            str(report.transcript),
        ]
    )
