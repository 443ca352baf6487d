"""`ContractSuite`: the contract as a test class, with one pytest item per rule."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

import pytest
from typing_extensions import override

from customdb_contract.bridges import brings_bridge
from customdb_contract.bridges.opening import DEFAULT_TIMEOUT
from customdb_contract.checking import check
from customdb_contract.errors import ConfigurationError, CustomDatabaseError
from customdb_contract.findings import Report
from customdb_contract.probes import DEFAULT_MAX_TIME, DEFAULT_WRONG_PASSWORDS
from customdb_contract.rules import CATALOGUE
from customdb_contract.secrets import Secret
from customdb_contract.testing._given import connection_of, fixture_of, given_of, new_user_of, users_of
from customdb_contract.testing._making import report_of
from customdb_contract.testing._run import run_of
from customdb_contract.testing._suites import (
    is_replaced,
    parameters_of,
    put_back,
    refuse_misshapen,
    refuse_replaced,
)
from customdb_contract.testing.outcomes import conclude

if TYPE_CHECKING:
    from customdb_contract.testing.lives import TenantMachine
    from customdb_contract.testing.machine import CustomDatabaseMachine
    from customdb_contract.testing.machines import DatabaseMachine

__all__ = ["ContractSuite"]

_RULES: Final = tuple(rule.info.name for rule in CATALOGUE)
_OURS: Final = ("test_rule", "report", "machine", "lives")
"""What a subclass must not override."""


_Machine = TypeVar("_Machine", bound="DatabaseMachine")


class ContractSuite:
    """The contract as a test class: subclass it, and every rule is a pytest item, `test_rule[unstable-user-id]`.

    A subclass has the fixtures `database` and `users` (as methods, or in a conftest.py, with any scope), which return
    what `check` accepts. It can override the fixtures `connection`, `outage`, `fresh_database`, `new_user` and
    `inspect`, which return None by default. Its own tests can use the fixture `report`.

    With `fresh_database`, the scripts that write are called too, on such a database. `test_machine` runs a
    `CustomDatabaseMachine` on fresh databases, and `test_lives` a `TenantMachine`, with the examples and the deadline
    of the Hypothesis profile.

    The database is checked once per class, when the first of its items runs. A broken rule fails, a rule that could not
    be judged is skipped, a waived rule is expected to fail, and a rule with only warnings issues a `ContractWarning`.
    If the check cannot be carried out, the set-up of the first item is an error; the other items are skipped.

    Attributes:
        waived: Rules that may fail, each with the reason.
        select: Names of rules or groups to judge; empty stands for all.
        ignore: Names of rules or groups not to judge.
        require: Groups that must have been judged.
        fail_on: The lowest severity that fails: `error` or `warning`.
        hostile: Whether identifiers that attempt injection are sent. They only read.
        wrong_passwords: The maximum number of wrong passwords that are tried for one user, 0 or more.
        timeout: Seconds that one script may take.
        max_time: Seconds that the whole check may take.
        ignore_fields: Paths of the profile that are not compared.
        settle: Seconds until a write becomes visible.
        rehearse: Whether lives of users are played on a simulated tenant at the end.
        secrets: Additional secrets that must appear nowhere, by description.
        config: A configuration file, relative to the folder of the test module, with all settings: then no fixture is
            used, and no other attribute can be set.
    """

    __test__: ClassVar[bool] = False

    waived: ClassVar[Mapping[str, str]] = {}
    select: ClassVar[Collection[str]] = ()
    ignore: ClassVar[Collection[str]] = ()
    require: ClassVar[Collection[str]] = ()
    fail_on: ClassVar[str] = "error"
    hostile: ClassVar[bool] = True
    wrong_passwords: ClassVar[int] = DEFAULT_WRONG_PASSWORDS
    timeout: ClassVar[float] = DEFAULT_TIMEOUT
    max_time: ClassVar[float] = DEFAULT_MAX_TIME
    ignore_fields: ClassVar[Collection[str]] = ()
    settle: ClassVar[float] = 0.0
    rehearse: ClassVar[bool] = True
    secrets: ClassVar[Mapping[str, Secret]] = {}
    config: ClassVar[str | Path | None] = None

    test_machine: ClassVar[Callable[..., None]]
    test_lives: ClassVar[Callable[..., None]]

    _replaced: ClassVar[tuple[str, ...]] = ()

    @override
    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "__test__" not in vars(cls):
            cls.__test__ = True
        cls._replaced = (*cls._replaced, *put_back(cls, ContractSuite, _OURS))
        if is_replaced(cls, ContractSuite, "fresh_database"):
            for name, ours in _ON_FRESH_DATABASES.items():
                if getattr(cls, name, ours) is not ours:
                    cls._replaced = (*cls._replaced, name)
                setattr(cls, name, ours)

    @pytest.fixture
    def connection(self) -> Any:
        """The settings of the connection; None stands for those that the database brings along, or Auth0's defaults."""
        return None

    @pytest.fixture
    def outage(self) -> Any:
        """The same database with an unreachable store, in any of the forms that `check` takes, or None."""
        return None

    @pytest.fixture
    def fresh_database(self) -> Any:
        """A function that creates an empty database that may be written to, or None."""
        return None

    @pytest.fixture
    def new_user(self) -> Any:
        """What a user created by the check looks like, or None."""
        return None

    @pytest.fixture
    def inspect(self) -> Any:
        """A function that looks into the store, bypassing the scripts, or None."""
        return None

    @pytest.fixture
    def report(self, request: pytest.FixtureRequest) -> Report:
        """The report on the database, made when it is first used."""
        suite = request.node.getparent(pytest.Class)

        def make(deselected: Collection[str]) -> Report:
            refuse_replaced(self._replaced)
            if self.config is not None:
                return _check_configured(type(self), request.path.parent / self.config, deselected)
            return check(**_keywords_of_check(type(self), request, deselected))

        return report_of(request.node, suite, make)

    @pytest.mark.parametrize("rule", parameters_of(_RULES))
    def test_rule(self, rule: str, report: Report, request: pytest.FixtureRequest) -> None:
        """The database passes the rule."""
        conclude(request.node, report, rule)

    @pytest.fixture
    def machine(self, request: pytest.FixtureRequest) -> "type[CustomDatabaseMachine]":
        """The state machine on fresh databases."""
        from customdb_contract.testing.machine import CustomDatabaseMachine

        return _tried(CustomDatabaseMachine, type(self), self._replaced, request)

    @pytest.fixture
    def lives(self, request: pytest.FixtureRequest) -> "type[TenantMachine]":
        """The state machine on a simulated tenant over fresh databases."""
        from customdb_contract.testing.lives import TenantMachine

        return _tried(TenantMachine, type(self), self._replaced, request)


def _tried(
    kind: "type[_Machine]", suite: type[ContractSuite], replaced: Sequence[str], request: pytest.FixtureRequest
) -> "type[_Machine]":
    """Return a machine on the fresh databases of a suite; skip if only this suite has no use for it."""
    from customdb_contract.testing._fresh import LifelessError

    name = request.node.getparent(pytest.Class).name
    try:
        refuse_replaced(replaced)
        return _machine_of(kind, suite, request, run_of(request.config).deselected)
    except LifelessError as error:
        problem, is_lifeless = str(error), True
    except ConfigurationError as error:
        problem, is_lifeless = f"{name}: {error}", False
    # Outside the handler, so that pytest shows one exception.
    if is_lifeless:
        pytest.skip(problem)
    pytest.fail(problem, pytrace=False)


def _test_machine(self: ContractSuite, machine: "type[CustomDatabaseMachine]") -> None:  # noqa: ARG001 - a method
    """No sequence of calls breaks a rule."""
    _run(machine)


def _test_lives(self: ContractSuite, lives: "type[TenantMachine]") -> None:  # noqa: ARG001 - a method
    """No life of a user at the tenant breaks a rule."""
    _run(lives)


_ON_FRESH_DATABASES: Final = {"test_machine": _test_machine, "test_lives": _test_lives}
"""The items that a suite has if it has fresh databases."""


def _run(machine: "type[DatabaseMachine]") -> None:
    from customdb_contract.testing.machines import run_machine

    problem = None
    try:
        run_machine(machine)
    except CustomDatabaseError as error:
        problem = str(error)
    if problem is not None:
        pytest.fail(problem, pytrace=False)


_SETTINGS: Final = (
    "waived",
    "select",
    "ignore",
    "require",
    "fail_on",
    "hostile",
    "wrong_passwords",
    "timeout",
    "max_time",
    "ignore_fields",
    "settle",
    "rehearse",
    "secrets",
)
_LISTS: Final = ("select", "ignore", "require", "ignore_fields")
_TABLES: Final = ("waived", "secrets")


def _check_configured(suite: type[ContractSuite], path: Path, deselected: Collection[str]) -> Report:
    from customdb_contract.testing.configured import check_configured

    for name in _SETTINGS:
        if getattr(suite, name) != getattr(ContractSuite, name):
            message = f"config names a file, so {name} belongs in its table [check]"
            raise ConfigurationError(message)
    return check_configured(path, deselected)


def _keywords_of_check(
    suite: type[ContractSuite], request: pytest.FixtureRequest, deselected: Collection[str]
) -> dict[str, Any]:
    """Return the arguments for `check`: the fixtures and the attributes of a suite."""
    if hasattr(suite, "writes"):
        message = (
            "a suite has no attribute writes: give it the fixture fresh_database, and the scripts that write are called"
        )
        raise ConfigurationError(message)
    settings: dict[str, Any] = {name: getattr(suite, name) for name in _SETTINGS}
    refuse_misshapen(settings, lists=_LISTS, tables=_TABLES)
    settings["ignore"] = {*settings["ignore"], *deselected}
    database = given_of(request, "database")
    fresh = fixture_of(request, "fresh_database")
    return {
        "database": database,
        "users": users_of(request),
        "connection": connection_of(request),
        "outage": fixture_of(request, "outage"),
        "writes": fresh is not None,
        "fresh_database": fresh,
        "new_user": new_user_of(request),
        "inspect": fixture_of(request, "inspect"),
        **settings,
    }


def _machine_of(
    kind: "type[_Machine]", suite: type[ContractSuite], request: pytest.FixtureRequest, deselected: Collection[str]
) -> "type[_Machine]":
    """Return the machine of a suite after trying it: no database may have another one's data."""
    fresh = fixture_of(request, "fresh_database")
    if not callable(fresh):
        message = (
            "the fixture fresh_database must return a function that creates an empty database each time, got "
            f"{type(fresh).__name__}"
        )
        raise ConfigurationError(message)
    from customdb_contract.testing.machines import machine_on

    connection = connection_of(request)
    database = fixture_of(request, "database")
    if connection is None and brings_bridge(database):
        connection = database.connection
    return machine_on(
        kind,
        fresh,
        connection=connection,
        new_user=new_user_of(request),
        outage=fixture_of(request, "outage"),
        timeout=suite.timeout,
        select=suite.select,
        ignore={*suite.ignore, *deselected},
        waived=suite.waived,
        fail_on=suite.fail_on,
    )
