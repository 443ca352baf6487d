"""Runs an Action in every situation, alone or next to a database, and returns what it did as a transcript, unjudged."""

import itertools
import time
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from attrs import Attribute, evolve, field, frozen

from customdb_contract.bridges.opening_actions import opened_action
from customdb_contract.connection import Connection, KnownUser
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.faults import LegacyAnswers, LegacyResponse, LegacySystem, LegacyUser
from customdb_contract.observing import interruptible_check, make_recorder, make_truth, observe_database
from customdb_contract.probes import Probing, StoppedEarly
from customdb_contract.probes.acting import EMAIL, LEGACY_ID, ActionStage, Equipment, play_scenes
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import (
    ActionRun,
    Exchange,
    Header,
    PasswordKnowledge,
    Person,
    Recorder,
    StopKind,
    StopReason,
    Transcript,
)

__all__ = ["DEFAULT_ANSWERS", "CheckedAction", "observe_action", "observe_both"]

DEFAULT_ANSWERS: Final = LegacyAnswers(
    found=LegacyResponse(200, {"id": "{user_id}", "email": "{email}", "sub": {"plan": "full"}})
)
"""How the legacy system responds by default."""

_PERSON: Final = EMAIL.partition("@")[0]
_KINDS: Final = ("app_metadata.", "user_metadata.")


def _paths(_: object, attribute: "Attribute[tuple[str, ...]]", paths: tuple[str, ...]) -> None:
    for path in paths:
        if not path.startswith(_KINDS) or not all(path.split(".")):
            message = (
                f"{attribute.name} names {path!r}, which is not a path of metadata: write app_metadata.plan, "
                "or a path below that"
            )
            raise ConfigurationError(message)


@frozen(kw_only=True)
class CheckedAction:
    """An Action to check, with what its team says about it; see `check_action`.

    Args:
        action: The Action, in any of the forms that `check_action` takes.
        legacy: How the legacy system responds.
        metadata_required: Whether the Action is meant to deny a log-in without metadata.
        restores: Paths that a repair must restore.

    Raises:
        ConfigurationError: When a path is not valid.
    """

    action: object
    legacy: LegacyAnswers = DEFAULT_ANSWERS
    metadata_required: bool = False
    restores: tuple[str, ...] = field(default=(), converter=tuple[str, ...], validator=_paths)


def observe_action(checked: CheckedAction, connection: Connection, *, max_time: float) -> Transcript:
    """Run an Action in every situation, and return what it did, unjudged.

    Args:
        checked: The Action.
        connection: The settings of the connection.
        max_time: Seconds that the whole check may take.

    Raises:
        ConfigurationError: When the Action or the time cannot be used.
        CheckInterrupted: After ctrl-C or SIGTERM.
    """
    probing = Probing(max_time=max_time)
    return _observe_action_alone(checked, connection, probing, progress=lambda _: None)


def observe_both(
    database: object,
    action: CheckedAction | None,
    users: Sequence[KnownUser],
    connection: Connection,
    probing: Probing,
    *,
    progress: Callable[[Exchange | ActionRun], None],
) -> Transcript:
    """Call the scripts of a database, then run an Action, and return what both did in one transcript, unjudged.

    They share the time of the check, and each is checked even if the other could not be.

    Args:
        database: The database, in any of the forms that `check` takes, or None.
        action: The Action, or None.
        users: The truth: users who are in the store now; an Action alone needs none.
        connection: The settings of the connection.
        probing: How to call the scripts, and how long the whole check may take.
        progress: Called with each recorded call and each run.

    Raises:
        ConfigurationError: When an argument cannot be used, or the database has no scripts.
        CheckInterrupted: After ctrl-C or SIGTERM.
    """
    if database is None and action is not None:
        return _observe_action_alone(action, connection, probing, progress=progress)
    until = time.monotonic() + probing.max_time
    truth = make_truth(users, connection, probing)
    recorder = make_recorder(truth, probing)
    with interruptible_check(recorder):
        observe_database(database, truth, recorder, probing, progress=progress)
        if action is not None:
            _record_action(action, recorder, truth.registry, connection, until=until, progress=progress)
    return recorder.transcript()


def _observe_action_alone(
    checked: CheckedAction, connection: Connection, probing: Probing, *, progress: Callable[[ActionRun], None]
) -> Transcript:
    until = time.monotonic() + probing.max_time
    registry = SecretRegistry()
    recorder = Recorder(Header(connection=connection), registry)
    with interruptible_check(recorder):
        _record_action(checked, recorder, registry, connection, until=until, progress=progress)
    return recorder.transcript()


def _record_action(
    checked: CheckedAction,
    recorder: Recorder,
    registry: SecretRegistry,
    connection: Connection,
    *,
    until: float,
    progress: Callable[[ActionRun], None],
) -> None:
    for public in (EMAIL, LEGACY_ID):
        registry.add_public(public)
    # These users are not in the store: the check makes up who logs in.
    person = Person(label=_free_label(recorder.labels), email=EMAIL, password=PasswordKnowledge.NONE, new=True)
    recorder.know_new_people([person])

    @contextmanager
    def open_equipment() -> Generator[Equipment]:
        with (
            LegacySystem(checked.legacy, [LegacyUser(LEGACY_ID, EMAIL)]) as system,
            opened_action(checked.action, mask=registry, legacy=system.address) as bridge,
        ):
            yield Equipment(bridge, system)

    try:
        with ExitStack() as stack:
            equipment = stack.enter_context(open_equipment())
            info = evolve(equipment.bridge.info, metadata_required=checked.metadata_required, restores=checked.restores)
            recorder.know_action(info)
            if info.problem is not None:
                recorder.stop_also(StopReason(StopKind.SET_UP, info.problem))
                return
            stage = ActionStage(
                equipment=equipment,
                another=stack.enter_context(open_equipment()),
                recorder=recorder,
                connection=connection.name,
                person=person.label,
                until=until,
                progress=progress,
            )
            play_scenes(stage, checked.restores, names_the_user=checked.legacy.names_the_user)
    except StoppedEarly as stopped:
        recorder.stop_also(stopped.reason)
    except DatabaseOpeningError as error:
        recorder.stop_also(StopReason(StopKind.SET_UP, str(error)))


def _free_label(taken: Collection[str]) -> str:
    labels = itertools.chain([_PERSON], (f"{_PERSON}-{number}" for number in itertools.count(2)))
    return next(label for label in labels if label not in taken)
