"""A call that is made is a call that is recorded, with its secrets masked, and late events find it again."""

import pytest

from customdb_contract.bridges import LateEvent
from customdb_contract.calling import Caller, PlannedCall
from customdb_contract.contract import Script
from customdb_contract.interrupts import interruptible
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry
from customdb_contract.transcript import Ending, Header, Person, Recorder, Situation
from scripted import PASSWORDS, Store

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


def test_two_databases_count_their_calls_for_themselves() -> None:
    recorded = recorder()
    first, second = Store(PASSWORDS).bridge(), Store(PASSWORDS).bridge()
    callers = [Caller(first, recorded), Caller(second, recorded)]
    for caller in (*callers, *callers):
        caller.call(LOOK)
    second.late = [LateEvent(0, arguments=("late",))]

    for caller in callers:
        caller.collect_late_events()

    assert [len(exchange.outcome.callbacks) for exchange in recorded.transcript().exchanges] == [1, 2, 1, 1]


def test_a_call_that_is_left_out_takes_its_late_events_with_it() -> None:
    bridge, recorded = Store(PASSWORDS).bridge(), recorder()
    caller = Caller(bridge, recorded)
    bridge.late = [LateEvent(0, arguments=("of the first",)), LateEvent(1, arguments=("of the second",))]

    outcome = caller.ask(Script.GET_USER, ADA)
    caller.call(LOOK)
    caller.collect_late_events()

    (exchange,) = recorded.transcript().exchanges
    assert outcome.ending is Ending.FOUND
    assert exchange.outcome.callbacks[1:] == (("of the second",),)


def test_a_call_made_at_once_is_recorded_for_both_in_order() -> None:
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
