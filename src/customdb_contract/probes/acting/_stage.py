"""Where an Action runs during a check: its bridge, and the stand-in for the legacy system, with a record of both."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from attrs import evolve, field, frozen

from customdb_contract.actions import effects_of
from customdb_contract.bridges.acting import ActionBridge, Performed
from customdb_contract.bridges.flow import resumed_event
from customdb_contract.faults import LegacySystem, Meeting, ReceivedRequest
from customdb_contract.probes._stopping import StoppedEarly
from customdb_contract.probes.acting._events import WITHOUT_BROWSER, event_of
from customdb_contract.transcript import (
    ActionRun,
    Ending,
    Handler,
    LegacyState,
    MetadataKey,
    ObservedRun,
    Recorder,
    RunSituation,
    StopKind,
    StopReason,
    Value,
)

__all__ = ["RUN_SECONDS", "ActionStage", "Equipment"]

RUN_SECONDS: Final = 10.5
"""Seconds that a run may take: a little more than is reasonable if the legacy system does not respond."""

_MEETING_SECONDS: Final = 0.25
"""Seconds that the response to one of two parallel log-ins waits for the other request; Actions wait longer."""

_MOST_DEATHS: Final = 5
"""After so many runs that all ended their process, the next one would only cost time."""

_NOTHING: Final[Mapping[MetadataKey, Value]] = {}


@frozen
class Equipment:
    """An Action, and a stand-in for the legacy system that receives its requests.

    Args:
        bridge: What runs the Action.
        legacy: The stand-in.
    """

    bridge: ActionBridge
    legacy: LegacySystem


@frozen
class _Done:
    """A run before it is recorded."""

    handler: Handler
    event: Mapping[str, object]
    performed: Performed
    received: tuple[ReceivedRequest, ...]
    resumed: "_Done | None" = None


@frozen(kw_only=True)
class ActionStage:
    """Runs one Action in one situation after another, and records what it does.

    Args:
        equipment: The Action, opened.
        another: The same Action, opened a second time, for two log-ins at once.
        recorder: Where the runs are recorded.
        connection: The name of the connection of the legacy users.
        person: The label of the user who logs in.
        until: When the time for the whole check is up, on the clock `time.monotonic`.
        progress: Called with each run.
    """

    equipment: Equipment
    another: Equipment
    recorder: Recorder
    connection: str
    person: str
    until: float
    progress: Callable[[ActionRun], None]
    _endings: list[Ending] = field(factory=list[Ending], init=False)

    def run(
        self,
        situation: RunSituation,
        state: LegacyState = LegacyState.SOUND,
        metadata: Mapping[MetadataKey, Value] = _NOTHING,
        *,
        follows: ObservedRun | None = None,
        logins: int | None = None,
    ) -> ObservedRun:
        """Run the Action once, in a new container, and again after a redirect, and record it.

        Args:
            situation: Who logs in, and how.
            state: How the legacy system responds.
            metadata: The metadata that the user has in Auth0.
            follows: The run whose writes the user has, or None.
            logins: The number of log-ins of the user, including this one; None stands for one, or two after another
                run.

        Raises:
            StoppedEarly: When the time for the whole check is up, or it never ends even though the legacy system
                responds.
            DatabaseOpeningError: When the Action cannot be loaded again.
        """
        self._raise_if_out_of_time()
        self.equipment.legacy.answer(state)
        times = logins or (1 if follows is None else 2)
        event = event_of(situation, metadata, connection=self.connection, logins=times)
        return self._record(_performed(self.equipment, event, situation), situation, state, follows)

    def run_at_once(
        self, situation: RunSituation, states: tuple[LegacyState, LegacyState]
    ) -> tuple[ObservedRun, ObservedRun]:
        """Run the Action for two log-ins of the same user, without metadata, at the same time, and record both.

        Args:
            situation: Who logs in, and how.
            states: How the legacy system responds to each of them.

        Raises:
            StoppedEarly: When the time for the whole check is up, or a run never ends even though the legacy system
                responds.
            DatabaseOpeningError: When the Action cannot be loaded again.
        """
        self._raise_if_out_of_time()
        meeting = Meeting(seconds=_MEETING_SECONDS)
        event = event_of(situation, _NOTHING, connection=self.connection, logins=1)
        both = (self.equipment, self.another)
        for equipment, state in zip(both, states, strict=True):
            equipment.legacy.answer(state, meeting=meeting)
        with ThreadPoolExecutor() as pool:
            running = [pool.submit(_performed, equipment, event, situation) for equipment in both]
            first, second = (each.result() for each in running)
        return (
            self._record(first, situation, states[0], None),
            self._record(second, situation, states[1], None),
        )

    def _raise_if_out_of_time(self) -> None:
        if time.monotonic() >= self.until:
            message = "the time for the whole check was up before every situation was tried; raise max_time"
            raise StoppedEarly(StopReason(StopKind.TIME, message))

    def _record(
        self, done: _Done, situation: RunSituation, state: LegacyState, follows: ObservedRun | None
    ) -> ObservedRun:
        seen = self._recorded(done, situation, state, None if follows is None else follows.run)
        if done.resumed is not None:
            later = self._recorded(done.resumed, situation, state, seen.run)
            seen = ObservedRun(seen.run, (*seen.calls, *later.calls), (*seen.requests, *later.requests), later.run)
        if seen.outcome.ending is Ending.TIMED_OUT and state.family != "outage":
            message = (
                f"the Action did not end within {RUN_SECONDS:g} s ({situation}, legacy system: {state}), "
                "so the remaining situations were not tried"
            )
            raise StoppedEarly(StopReason(StopKind.TIME, message))
        self._endings.append(seen.outcome.ending)
        if self._endings == [Ending.DIED] * _MOST_DEATHS:
            message = (
                f"the Action ended its process in each of {_MOST_DEATHS} log-ins, "
                "so the remaining situations were not tried"
            )
            raise StoppedEarly(StopReason(StopKind.TIME, message))
        return seen

    def _recorded(
        self, done: _Done, situation: RunSituation, state: LegacyState, follows: ActionRun | None
    ) -> ObservedRun:
        run = self.recorder.run(
            self.equipment.bridge.info.name,
            done.event,
            done.performed.outcome,
            handler=done.handler,
            person=self.person,
            situation=situation,
            legacy=state,
            follows=follows,
        )
        self.progress(run)
        requests = [
            self.recorder.request(
                request.method,
                request.url,
                headers=request.headers,
                body=request.body,
                answer=request.answer,
                caused_by=run,
            )
            for request in done.received
        ]
        calls = [
            self.recorder.api_call(call.path, call.arguments, late=call.late, caused_by=run)
            for call in done.performed.calls
        ]
        return ObservedRun(run, tuple(calls), tuple(requests))


def _performed(equipment: Equipment, event: Mapping[str, object], situation: RunSituation) -> _Done:
    """Run an Action and, if it redirects the user, its second function in another container."""
    bridge, legacy = equipment.bridge, equipment.legacy
    bridge.renew()
    performed = bridge.perform(Handler.EXECUTE, event, seconds=RUN_SECONDS)
    received = legacy.received
    done = _Done(Handler.EXECUTE, event, performed, received)
    effects = effects_of([performed.calls])
    is_sent_away = performed.outcome.ending is Ending.DONE and effects.denial is None and effects.leaves_for is not None
    if not is_sent_away or Handler.CONTINUE not in bridge.info.handlers or situation in WITHOUT_BROWSER:
        return done
    bridge.renew()
    resumed = resumed_event(event, effects, {})
    performed = bridge.perform(Handler.CONTINUE, resumed, seconds=RUN_SECONDS)
    return evolve(done, resumed=_Done(Handler.CONTINUE, resumed, performed, legacy.received[len(received) :]))
