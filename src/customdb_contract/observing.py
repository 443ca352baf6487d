"""Calls the scripts of a custom database and returns what they did as a transcript, unjudged."""

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from customdb_contract.bridges import Bridge, brings_bridge
from customdb_contract.bridges.opening import opened, scripts_of
from customdb_contract.calling import Caller
from customdb_contract.connection import Connection, KnownUser
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.interrupts import interruptible
from customdb_contract.probes import (
    CreatedUser,
    Driver,
    OutageDatabase,
    Probing,
    Truth,
    Writing,
    plan_calls,
    plan_users,
    plan_victims,
    print_planned_call,
    probe,
    probe_known_users,
)
from customdb_contract.secrets import SecretRef, SecretRegistry
from customdb_contract.transcript import (
    Exchange,
    Header,
    Recorder,
    Situation,
    StopKind,
    StopReason,
    Transcript,
)

__all__ = [
    "CheckInterrupted",
    "examine",
    "interruptible_check",
    "make_recorder",
    "make_truth",
    "observe",
    "observe_database",
    "observe_known_users",
    "plan_lines",
]


class CheckInterrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM ended a check. The message names every user who may be left in the store.

    Args:
        transcript: What was recorded until then.
    """

    def __init__(self, transcript: Transcript) -> None:
        left = ", ".join(transcript.header.left_behind)
        super().__init__(
            "the check was interrupted" + (f"; these users may be left in the store: {left}" if left else "")
        )
        self.transcript = transcript


def observe(
    database: object,
    users: Sequence[KnownUser],
    connection: Connection,
    probing: Probing,
    *,
    progress: Callable[[Exchange], None],
) -> Transcript:
    """Call the scripts of a custom database, and return what they did, unjudged.

    Args:
        database: The database, in any of the forms that `check` takes.
        users: The truth: users who are in the store now.
        connection: The settings of the connection.
        probing: How to call the scripts.
        progress: Called with each recorded call.

    Raises:
        ConfigurationError: When an argument cannot be used, or the database has no scripts.
        CheckInterrupted: After ctrl-C or SIGTERM.
    """
    truth = make_truth(users, connection, probing)
    recorder = make_recorder(truth, probing)
    with interruptible_check(recorder):
        observe_database(database, truth, recorder, probing, progress=progress)
    return recorder.transcript()


def observe_database(
    database: object,
    truth: Truth,
    recorder: Recorder,
    probing: Probing,
    *,
    progress: Callable[[Exchange], None],
) -> None:
    """Call the scripts of a custom database, and record what they do.

    Args:
        database: The database, in any of the forms that `check` takes.
        truth: What is known for certain.
        recorder: Where the calls are recorded, and the reason if they ended early.
        probing: How to call the scripts.
        progress: Called with each recorded call.

    Raises:
        ConfigurationError: When an argument cannot be used, or the database has no scripts.
    """
    writing = _writing(database, truth, probing)
    if writing is not None:
        recorder.know_new_people([created.person for created in (*writing.created_users, *writing.victims)])
    try:
        # Problems with the outage database show before the first call.
        _outage_situations(database, probing, truth)
        with _opened(database, truth, probing.timeout) as bridge:
            recorder.know_scripts(scripts_of(bridge))
            probe(
                bridge,
                truth,
                recorder,
                probing,
                open_outage=None if probing.outage is None else lambda: _open_outage(database, probing, truth),
                writing=writing,
                live=_lives(truth, recorder, probing),
                progress=progress,
            )
    except DatabaseOpeningError as error:
        recorder.stop(StopReason(StopKind.SET_UP, str(error)))


def make_recorder(truth: Truth, probing: Probing) -> Recorder:
    """Return the recorder for a check of a database.

    Args:
        truth: What is known for certain.
        probing: How the scripts will be called.
    """
    header = Header(people=truth.people, connection=truth.connection, ignore_fields=probing.ignore_fields)
    return Recorder(header, truth.registry)


@contextmanager
def interruptible_check(recorder: Recorder) -> Generator[None]:
    """End a check on an interrupt, with what was recorded until then.

    Args:
        recorder: Where it was recorded.

    Raises:
        CheckInterrupted: After ctrl-C or SIGTERM.
    """

    def ending() -> CheckInterrupted:
        recorder.stop(StopReason(StopKind.INTERRUPTED, "the check was interrupted before everything was checked"))
        return CheckInterrupted(recorder.transcript())

    with interruptible(ending):
        yield


def _lives(truth: Truth, recorder: Recorder, probing: Probing) -> Callable[[Driver, Caller, Caller], None] | None:
    if not probing.rehearse:
        return None
    from customdb_contract.rehearsal.lives import rehearse_lives  # noqa: PLC0415 - only who rehearses needs a tenant

    return partial(rehearse_lives, truth=truth, recorder=recorder, probing=probing)


def _writing(database: object, truth: Truth, probing: Probing) -> Writing | None:
    if not probing.writes:
        return None
    from customdb_contract.bridges.python import is_factory  # noqa: PLC0415 - scripts in JavaScript do without

    written = database if probing.fresh_database is None else probing.fresh_database
    # An object lives on one thread, so two calls at once need something that creates a database.
    is_made_anew = brings_bridge(written) or is_factory(written)
    opened = partial(_opened, written, truth, probing.timeout)
    created_users = plan_users(probing.new_user, truth)
    return Writing(
        created_users=created_users,
        victims=_victims(probing, truth, created_users),
        open_fresh=None if probing.fresh_database is None else partial(_opened_fresh, opened),
        open_second=opened if is_made_anew else None,
    )


def _victims(probing: Probing, truth: Truth, created_users: Sequence[CreatedUser]) -> Sequence[CreatedUser]:
    """Return the users that hostile identifiers may change: none, unless there is an empty database to write to."""
    tried = probing.hostile and probing.writes and probing.fresh_database is not None
    return plan_victims(probing.new_user, truth, created_users) if tried else ()


@contextmanager
def _opened_fresh(open_database: Callable[[], AbstractContextManager[Bridge]]) -> Generator[Bridge]:
    with open_database() as bridge:
        if Script.CREATE not in bridge.scripts:
            message = (
                "fresh_database has no script create, so nothing can be written: give a database with create, "
                "or a function that returns one"
            )
            raise ConfigurationError(message)
        yield bridge


def observe_known_users(
    database: object, users: Sequence[KnownUser], connection: Connection | None, probing: Probing, script: Script
) -> Transcript:
    """Call one script twice for each known user, and return what it did, unjudged.

    Args:
        database: The database, in any of the forms that `check` takes.
        users: The truth: users who are in the store now.
        connection: The settings of the connection; None stands for those that the database brings along.
        probing: How to call the script.
        script: The script.

    Raises:
        ConfigurationError: When an argument cannot be used, or the database has no such script.
        CheckInterrupted: After ctrl-C or SIGTERM.
    """
    if connection is None:
        connection = database.connection if brings_bridge(database) else Connection()
    truth = make_truth(users, connection, probing)
    recorder = make_recorder(truth, probing)
    with interruptible_check(recorder):
        try:
            with _opened(database, truth, probing.timeout) as bridge:
                scripts = scripts_of(bridge)
                if script not in scripts:
                    message = f"the database has no {script}"
                    raise ConfigurationError(message)
                recorder.know_scripts({script: scripts[script]})
                probe_known_users(bridge, truth, recorder, probing, script)
        except DatabaseOpeningError as error:
            recorder.stop(StopReason(StopKind.SET_UP, str(error)))
    return recorder.transcript()


def make_truth(users: Sequence[KnownUser], connection: Connection, probing: Probing) -> Truth:
    """Return what is known for certain, and register every secret.

    Args:
        users: The users who are in the store now.
        connection: The settings of the connection.
        probing: How the scripts will be called.

    Raises:
        ConfigurationError: When no user is known, or two known users contradict each other.
    """
    registry = SecretRegistry()
    truth = Truth.of(users, connection, registry)
    for label, secret in probing.secrets.items():
        registry.add(secret, SecretRef.parse(label))
    return truth


def plan_lines(database: object, users: Sequence[KnownUser], connection: Connection, probing: Probing) -> Sequence[str]:
    """Return the calls that a check would make, one per line, without calling a script.

    Args:
        database: The database; a function is called to find out which scripts its database has.
        users: The truth: users who are in the store now.
        connection: The settings of the connection.
        probing: How to call the scripts.

    Raises:
        ConfigurationError: When an argument cannot be used, or the database has no scripts.
        DatabaseOpeningError: When the database cannot be created.
    """
    truth = make_truth(users, connection, probing)
    outage = _outage_situations(database, probing, truth)
    created_users = plan_users(probing.new_user, truth) if probing.writes else ()
    with interruptible(), _opened(database, truth, probing.timeout) as bridge:
        calls = plan_calls(
            truth,
            tuple(scripts_of(bridge)),
            probing,
            outage=outage,
            callback_can_throw=bridge.callback_can_throw,
            created_users=created_users,
            victims=_victims(probing, truth, created_users),
        )
        lines = [print_planned_call(call, truth) for call in calls]
        if probing.rehearse:
            from customdb_contract.rehearsal.lives import plan_lives  # noqa: PLC0415 - see _lives

            lines += [print_planned_call(call, truth) for call in plan_lives(truth, tuple(bridge.scripts), probing)]
        return lines


def examine(database: object, users: Sequence[KnownUser], connection: Connection, probing: Probing) -> None:
    """Open a database and close it again without calling a script; raise whatever would keep a check from starting.

    Args:
        database: The database, in any of the forms that `check` takes.
        users: The truth: users who are in the store now.
        connection: The settings of the connection.
        probing: How a check would call the scripts.

    Raises:
        ConfigurationError: When an argument cannot be used, or the database has no scripts.
        DatabaseOpeningError: When the database cannot be opened.
    """
    truth = make_truth(users, connection, probing)
    if probing.writes:
        plan_users(probing.new_user, truth)
    _outage_situations(database, probing, truth)
    with interruptible(), _opened(database, truth, probing.timeout) as bridge:
        scripts_of(bridge)


def _opened(database: object, truth: Truth, timeout: float) -> AbstractContextManager[Bridge]:
    return opened(database, connection=truth.connection, mask=truth.registry, timeout=timeout)


def _outage_situations(database: object, probing: Probing, truth: Truth) -> Sequence[Situation]:
    """Return the ways in which the store of the outage database will be unreachable, after inspecting that database."""
    if probing.outage is None:
        return ()
    from customdb_contract.outages import outage_situations  # noqa: PLC0415 - see _open_outage

    try:
        return outage_situations(probing.outage, sound=database)
    except (ConfigurationError, DatabaseOpeningError) as error:
        raise type(error)(truth.registry.mask(str(error))) from None


def _open_outage(database: object, probing: Probing, truth: Truth) -> AbstractContextManager[OutageDatabase]:
    from customdb_contract.outages import open_outage  # noqa: PLC0415 - only who provokes an outage needs servers

    return open_outage(probing.outage, lambda made: _opened(made, truth, probing.timeout), sound=database)
