"""Plays scenarios, each on a tenant of its own, so that one life does not depend on another."""

import itertools
import random
import string
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import define, evolve, field, frozen

from customdb_contract.bridges import brings_bridge
from customdb_contract.bridges.opening import DEFAULT_TIMEOUT
from customdb_contract.bridges.python import is_factory
from customdb_contract.connection import Connection, KnownUser, NewUser
from customdb_contract.errors import DatabaseOpeningError, UndocumentedOperationError
from customdb_contract.interrupts import current_interrupts, interruptible
from customdb_contract.outages import outage_situations
from customdb_contract.probes import DEFAULT_MAX_TIME
from customdb_contract.rehearsal._scenario import Needs, Scenario
from customdb_contract.rehearsal._sparing import ids_of_known
from customdb_contract.rehearsal._stage import AnotherUserError, NewPerson, Stage
from customdb_contract.secrets import Secret
from customdb_contract.tenant import InterruptionPoint, Tenant
from customdb_contract.transcript import Situation, Transcript

__all__ = ["Performance", "RehearsalInterrupted", "Setting", "rehearse"]

_UNIQUE_LENGTH: Final = 8
_CONSONANTS: Final = "bcdfghjkmnpqrstvwxz"
_BEGINNING: Final = datetime(2026, 1, 1, tzinfo=UTC)
_SECOND: Final = "-second"


@frozen(kw_only=True)
class Setting:
    """The setting of a rehearsal.

    Args:
        database: The database, in any of the forms that `check` takes. It is opened anew for each scenario.
        connection: The settings of the connection.
        users: Users who are in the database now.
        outage: The same database with its store unreachable, in any of the forms that `check` takes; or None.
        writes: Whether scenarios may write to the legacy store.
        is_thrown_away: Whether each opening of the database creates a new store, which is not needed afterwards.
        new_user: What new users look like.
        timeout: Seconds that a script may take.
        max_time: Seconds after which no further scenario is started.
        seed: Determines everything random: which known user is chosen, new users' names, how the store fails.
        interrupt: The point at which the first migration of each scenario is interrupted; None for no interruption.
    """

    database: object
    connection: Connection
    users: tuple[KnownUser, ...] = ()
    outage: object = None
    writes: bool = False
    is_thrown_away: bool = False
    new_user: NewUser = field(factory=NewUser)
    timeout: float = DEFAULT_TIMEOUT
    max_time: float = DEFAULT_MAX_TIME
    seed: int = 0
    interrupt: InterruptionPoint | None = None


@frozen(kw_only=True)
class Performance:
    """A scenario that was played, or could not be.

    Args:
        scenario: The scenario.
        import_mode: Whether import mode was on at first.
        transcripts: What happened on each connection; empty if the scenario was not played.
        order: The connection of each operation, in order.
        problem: Why it was not played, not finished, or not interrupted; None if it went as planned.
        left_behind: Identifiers of users that it created in the legacy store and could not remove.
    """

    scenario: Scenario
    import_mode: bool
    transcripts: tuple[Transcript, ...] = ()
    order: tuple[str, ...] = ()
    problem: str | None = None
    left_behind: tuple[str, ...] = ()

    @property
    def was_played(self) -> bool:
        """Whether anything was done."""
        return bool(self.order)


class RehearsalInterrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM ended a rehearsal. The message names every user who may be left in the store.

    Args:
        performances: The scenarios played until then, the interrupted one last.
    """

    def __init__(self, performances: Sequence[Performance]) -> None:
        left = ", ".join(name for performance in performances for name in performance.left_behind)
        super().__init__(
            "the rehearsal was interrupted" + (f"; these users may be left in the store: {left}" if left else "")
        )
        self.performances: tuple[Performance, ...] = tuple(performances)


def rehearse(
    setting: Setting, scenarios: Sequence[Scenario], *, progress: Callable[[Scenario], None] = lambda _: None
) -> Sequence[Performance]:
    """Play scenarios, each on a tenant of its own.

    Args:
        setting: The setting of the rehearsal.
        scenarios: The scenarios.
        progress: Called with each scenario before it is played.

    Returns:
        What happened. Whatever a database does is part of that and raises nothing.

    Raises:
        ConfigurationError: When the setting cannot be used.
        DatabaseOpeningError: When a database cannot be opened, and nothing was played before.
        RehearsalInterrupted: After ctrl-C or SIGTERM.
    """
    played: list[Performance] = []
    end = time.monotonic() + setting.max_time
    with interruptible(lambda: RehearsalInterrupted(played)):
        spared = _spared(setting)
        for scenario in scenarios:
            current_interrupts().raise_if_pending()
            if time.monotonic() > end:
                problem = f"the time limit of {setting.max_time:g} s for all scenarios was reached"
                played.append(_not_played(setting, scenario, problem))
                continue
            progress(scenario)
            try:
                _perform(setting, scenario, played, spared)
            except DatabaseOpeningError as error:
                if not any(performance.was_played for performance in played):
                    raise
                played.append(_not_played(setting, scenario, str(error)))
    return played


def _not_played(setting: Setting, scenario: Scenario, problem: str) -> Performance:
    return Performance(scenario=scenario, import_mode=setting.connection.import_mode, problem=problem)


def _spared(setting: Setting) -> frozenset[str]:
    """Return the ids of users who stay in the legacy store no matter what is played."""
    if not setting.writes or setting.is_thrown_away:
        return frozenset()
    return ids_of_known(setting.database, setting.users, connection=setting.connection, timeout=setting.timeout)


def _perform(setting: Setting, scenario: Scenario, played: list[Performance], spared: frozenset[str]) -> None:
    chance = random.Random(f"{setting.seed} {scenario.name}")  # noqa: S311 - the users are invented
    once, left = _Once(setting.interrupt), _Left()
    times = (_BEGINNING + timedelta(seconds=second) for second in itertools.count())
    problem: str | None = None
    needs = scenario.needs(import_mode=setting.connection.import_mode)
    tenant = Tenant(
        setting.database,
        connection=setting.connection,
        users=setting.users,
        clock=lambda: next(times),
        interruptions=once,
        timeout=setting.timeout,
        outage=setting.outage if needs is not None and needs.outage else None,
    )
    try:
        with tenant:
            stage = evolve(_stage(setting, needs, tenant, chance, left), spared=spared)
            problem = scenario.lacks(stage)
            if problem is None:
                scenario.play(stage)
                problem = once.problem
    except (AnotherUserError, DatabaseOpeningError, UndocumentedOperationError) as error:
        problem = str(error)
    finally:
        # Also after ctrl-C: what was done until then is shown.
        played.append(
            Performance(
                scenario=scenario,
                import_mode=setting.connection.import_mode,
                transcripts=tuple(tenant.transcript_of(name) for name in tenant.connections),
                order=tuple(tenant.order),
                problem=problem,
                left_behind=tuple(left.identifiers),
            )
        )


def _stage(setting: Setting, needs: Needs | None, tenant: Tenant, chance: random.Random, left: "_Left") -> Stage:
    users = [user for user in setting.users if user.password is not None and user.email and not user.disabled]
    second = None
    if needs is not None and needs.second and _can_be_opened_twice(setting.database):
        second = f"{setting.connection.name}{_SECOND}"
        tenant.add_connection(setting.database, evolve(setting.connection, name=second), users=setting.users)
    return Stage(
        tenant=tenant,
        connection=setting.connection.name,
        second=second,
        user=chance.choice(users) if users else None,
        new_person=_new_person(setting, chance),
        writes=setting.writes or setting.is_thrown_away,
        ledger=None if setting.is_thrown_away else left,
        outage=setting.outage is not None,
        way=_way(setting.outage, chance),
    )


def _way(outage: object, chance: random.Random) -> Situation | None:
    """Return a way in which the store is unreachable, except for a hang, which takes the time of a whole script."""
    if outage is None:
        return None
    return chance.choice([way for way in outage_situations(outage) if way is not Situation.HANG])


def _can_be_opened_twice(database: object) -> bool:
    return brings_bridge(database) or is_factory(database)


def _new_person(setting: Setting, chance: random.Random) -> NewPerson:
    unique = "".join(chance.choices(string.ascii_lowercase + string.digits, k=_UNIQUE_LENGTH))
    new_user = setting.new_user
    return NewPerson(
        email=new_user.email_of(unique),
        new_email=new_user.email_of(f"{unique}x"),
        username=new_user.username_of(unique) if setting.connection.requires_username else None,
        password=_password(new_user, chance),
        new_password=_password(new_user, chance),
        user_metadata=new_user.user_metadata,
        fields=new_user.fields_of(unique),
    )


def _password(new_user: NewUser, chance: random.Random) -> Secret:
    """Return a password that no policy rejects: letters and digits alternate."""
    token = "".join(chance.choice(_CONSONANTS) + chance.choice(string.digits) for _ in range(6))
    return new_user.password_of(token) or Secret(f"Aa1!-{token}")


@define
class _Left:
    """The users whom one scenario might leave in the legacy store."""

    identifiers: dict[str, None] = field(factory=dict[str, None])

    def leave_behind(self, identifier: str) -> None:
        self.identifiers[identifier] = None

    def removed(self, identifier: str) -> None:
        self.identifiers.pop(identifier, None)


@define
class _Once:
    """Interrupts the first migration that reaches a point."""

    point: InterruptionPoint | None
    has_happened: bool = False

    def __call__(self, point: InterruptionPoint) -> bool:
        is_first = point is self.point and not self.has_happened
        self.has_happened |= is_first
        return is_first

    @property
    def problem(self) -> str | None:
        """The reason why the requested interruption did not happen, or None."""
        return None if self.point is None or self.has_happened else f"no migration reached the point {self.point}"
