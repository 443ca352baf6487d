"""Each call is recorded with its secrets masked, and late events are added to it."""

from collections.abc import Mapping, Sequence

import pytest
from attrs import define, field
from typing_extensions import override

from customdb_contract.bridges import LateEvent
from customdb_contract.calling import Caller, PlannedCall
from customdb_contract.contract import Script
from customdb_contract.interrupts import interruptible
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry
from customdb_contract.transcript import (
    Actor,
    Ending,
    Escape,
    Header,
    Noticed,
    Observation,
    Outcome,
    Person,
    RecordedError,
    Recorder,
    Situation,
)
from scripted import PASSWORDS, ScriptedBridge, Store

ADA = "ada@example.com"
HEADER = Header(people=(Person(label="ada", email=ADA),))
LOOK = PlannedCall(Script.GET_USER, (ADA,), "ada", Situation.KNOWN_USER)


def recorder() -> Recorder:
    registry = SecretRegistry()
    registry.add(Secret(PASSWORDS[ADA]), SecretRef(SecretKind.PASSWORD, "ada"))
    return Recorder(HEADER, registry)


def test_a_script_is_given_the_secret_and_the_transcript_its_marker() -> None:
    bridge, recorded = Store(PASSWORDS).bridge(), recorder()
    password = Secret(PASSWORDS[ADA])

    exchange = Caller(bridge, recorded).call(
        PlannedCall(Script.LOGIN, (ADA, password), "ada", Situation.KNOWN_USER),
    )

    assert bridge.calls == [(Script.LOGIN, (ADA, PASSWORDS[ADA]))]
    assert exchange.arguments == (ADA, "«password of ada»")
    assert exchange.ending is Ending.FOUND
    assert recorded.transcript().exchanges == (exchange,)


@define
class NotingBridge(ScriptedBridge):
    extras: list[tuple[Mapping[str, object] | None, bool]] = field(
        factory=list[tuple[Mapping[str, object] | None, bool]]
    )

    @override
    def call(
        self,
        script: Script,
        arguments: Sequence[object],
        *,
        context: Mapping[str, object] | None = None,
        throwing: bool = False,
    ) -> Outcome:
        self.extras.append((context, throwing))
        return ScriptedBridge.call(self, script, arguments)


def test_a_script_gets_a_context_and_a_throwing_callback_only_on_request() -> None:
    bridge = NotingBridge(Store(PASSWORDS).bridge().functions)
    caller = Caller(bridge, recorder())
    context: Mapping[str, object] = {"organization": {"id": "org_1"}}

    caller.call(LOOK)
    caller.call(LOOK, context=context, throwing=True)
    caller.ask(Script.GET_USER, ADA)
    caller.ask(Script.GET_USER, ADA, context=context)
    caller.call_at_once(caller, LOOK)

    assert bridge.extras == [
        (None, False),
        (context, True),
        (None, False),
        (context, False),
        (None, False),
        (None, False),
    ]


def test_an_exchange_keeps_the_plan_and_cause_of_its_call() -> None:
    recorded = recorder()
    caller = Caller(Store(PASSWORDS).bridge(), recorded)
    operation = recorded.begin("log_in", {}, actor=Actor.USER, connection="shop")

    own = caller.call(LOOK)
    caused = caller.call(
        PlannedCall(Script.LOGIN, ("nobody@example.com", "x"), "unknown", Situation.UNKNOWN_USER), caused_by=operation
    )

    assert (own.script, own.person, own.situation, own.caused_by) == (
        Script.GET_USER,
        "ada",
        Situation.KNOWN_USER,
        None,
    )
    assert (caused.script, caused.person, caused.situation) == (Script.LOGIN, "unknown", Situation.UNKNOWN_USER)
    assert caused.caused_by == operation.number


def test_late_events_of_a_call_are_added_to_its_exchange() -> None:
    bridge, recorded = Store(PASSWORDS).bridge(), recorder()
    caller = Caller(bridge, recorded)
    caller.call(LOOK)
    raised, noticed = RecordedError("Error", "late"), Observation(Noticed.STILL_RUNNING, "1 s")
    bridge.late = [
        LateEvent(0, arguments=("late",)),
        LateEvent(0, raised=raised, escape=Escape.REJECTION),
        LateEvent(0, observation=noticed),
        LateEvent(0, output="printed"),
    ]

    caller.collect_late_events()

    (exchange,) = recorded.transcript().exchanges
    assert exchange.outcome.callbacks[1:] == (("late",),)
    assert (exchange.outcome.raised, exchange.outcome.escape) == (raised, Escape.REJECTION)
    assert exchange.outcome.observations == (noticed,)
    assert exchange.outcome.output == "printed"


def test_secrets_are_found_in_the_user_that_create_is_given() -> None:
    seen: list[object] = []

    def create(user: object) -> Ending:
        seen.append(user)
        return Ending.DONE

    caller = Caller(Store(PASSWORDS).bridge(create=create), recorder())
    user = {"email": ADA, "password": Secret(PASSWORDS[ADA]), "password_hash": "5f4dcc3b5aa765d61d8327deb882cf99"}

    exchange = caller.call(PlannedCall(Script.CREATE, (user,), "ada", Situation.WRITING))

    assert seen == [user | {"password": PASSWORDS[ADA]}]
    assert exchange.arguments == (
        {"email": ADA, "password": "«password of ada»", "password_hash": "«password hash 1»"},
    )


def test_two_databases_count_their_calls_separately() -> None:
    recorded = recorder()
    first, second = Store(PASSWORDS).bridge(), Store(PASSWORDS).bridge()
    callers = [Caller(first, recorded), Caller(second, recorded)]
    for caller in (*callers, *callers):
        caller.call(LOOK)
    second.late = [LateEvent(0, arguments=("late",))]

    for caller in callers:
        caller.collect_late_events()

    assert [len(exchange.outcome.callbacks) for exchange in recorded.transcript().exchanges] == [1, 2, 1, 1]


def test_late_events_of_a_skipped_call_are_dropped() -> None:
    bridge, recorded = Store(PASSWORDS).bridge(), recorder()
    caller = Caller(bridge, recorded)
    bridge.late = [LateEvent(0, arguments=("of the first",)), LateEvent(1, arguments=("of the second",))]

    outcome = caller.ask(Script.GET_USER, ADA)
    caller.call(LOOK)
    caller.collect_late_events()

    (exchange,) = recorded.transcript().exchanges
    assert outcome.ending is Ending.FOUND
    assert exchange.outcome.callbacks[1:] == (("of the second",),)


def test_concurrent_calls_are_recorded_in_order() -> None:
    recorded = recorder()
    first, second = Store(PASSWORDS).bridge(), Store({}).bridge()

    made = Caller(first, recorded).call_at_once(Caller(second, recorded), LOOK)

    assert [exchange.ending for exchange in made] == [Ending.FOUND, Ending.NOT_FOUND]
    assert recorded.transcript().exchanges == made


def test_late_events_are_not_asked_for_after_an_interrupt() -> None:
    bridge = Store(PASSWORDS).bridge()
    bridge.late = [LateEvent(0)]

    def check() -> None:
        with interruptible() as interrupts:
            caller = Caller(bridge, recorder())
            interrupts.note()
            caller.collect_late_events()

    with pytest.raises(KeyboardInterrupt):
        check()
    assert bridge.late == [LateEvent(0)]
