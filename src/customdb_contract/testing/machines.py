"""The common parts of state machines: fresh databases, what is judged, and how they are run."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping
from typing import ClassVar, Final, TypeVar, cast

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from typing_extensions import override

from customdb_contract.bridges.opening import DEFAULT_TIMEOUT
from customdb_contract.connection import Connection, NewUser
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.outages import needs_address
from customdb_contract.rules import select_rules

__all__ = ["DatabaseMachine", "machine_on", "run_machine"]

_NOT_OURS: Final = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
"""Health checks about the speed of a database, or the length of a sequence, which cannot be changed."""


class DatabaseMachine(RuleBasedStateMachine):
    """A Hypothesis state machine that opens a fresh database for each example, and judges what it did.

    Attributes:
        connection: The settings of the connection.
        new_user: What users who sign up look like, including their passwords.
        timeout: Seconds that one script may take.
        select: Names of rules or groups to judge; empty stands for all.
        ignore: Names of rules or groups not to judge.
        waived: Rules that may fail, each with the reason.
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

        Called for each example, so return a new store each time, or empty it here.
        """
        message = f"{type(self).__name__} must override fresh_database, and return a database with an empty store"
        raise ConfigurationError(message)

    def outage_database(self) -> object:
        """Return the same database with an unreachable store, or None to try no outage."""
        return None

    @abstractmethod
    def try_out(self) -> None:
        """Do what every example needs, so that configuration errors are reported before there are examples."""

    @abstractmethod
    def close(self) -> None:
        """Close the databases without judging anything."""

    @abstractmethod
    def judge(self) -> None:
        """Judge what happened.

        Raises:
            ContractBrokenError: When a breach is proven.
        """

    @override
    def teardown(self) -> None:
        self.close()
        self.judge()


_Machine = TypeVar("_Machine", bound=DatabaseMachine)


def machine_on(
    kind: type[_Machine],
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
) -> type[_Machine]:
    """Return a machine on databases that a function creates, tried twice before it runs.

    Args:
        kind: The class of the machine.
        make: Creates a database with a new, empty store each time; it is called where the scripts run.
        connection: The settings of the connection, or None for Auth0's defaults.
        new_user: What users who sign up look like, including their passwords, or None.
        outage: The database with an unreachable store; one that needs an address is left out.
        timeout: Seconds that one script may take.
        select: Names of rules or groups to judge; empty stands for all.
        ignore: Names of rules or groups not to judge.
        waived: Rules that may fail, each with the reason.
        fail_on: The lowest severity that fails.

    Raises:
        ConfigurationError: When the database is not fresh, cannot be used, or lacks the scripts; when there is no rule
            with such a name.
    """
    select_rules(select=select, ignore=ignore, waived=waived, fail_on=fail_on)
    without_address = None if needs_address(outage) else outage

    def fresh_database(_: DatabaseMachine) -> object:
        return make

    def outage_database(_: DatabaseMachine) -> object:
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
    machine = cast("type[_Machine]", type(f"Fresh{kind.__name__}", (kind,), attributes))
    try:
        for _ in range(2):
            tried = machine()
            try:
                tried.try_out()
            finally:
                tried.close()
    except DatabaseOpeningError as error:
        message = f"fresh_database: {error}"
        raise ConfigurationError(message) from None
    return machine


def run_machine(machine: type[DatabaseMachine]) -> None:
    """Run a state machine with the settings of the current Hypothesis profile.

    Args:
        machine: The class.

    Raises:
        ContractBrokenError: When a sequence breaks a rule; the message has the shortest one that was found.
        ConfigurationError: When the database is not fresh, cannot be used, or lacks the scripts.
    """
    # The default deadline is meant for one call of a function, not for a whole sequence.
    is_chosen = settings().deadline != settings.get_profile("default").deadline
    deadline = settings().deadline if is_chosen else None
    chosen = settings(
        deadline=deadline,
        suppress_health_check=_NOT_OURS,
        report_multiple_bugs=False,
        # Hypothesis's explain phase points to lines of this library, which are not to blame.
        phases=[phase for phase in settings().phases if phase is not Phase.explain],
    )
    run_state_machine_as_test(machine, settings=chosen)
