"""Probes drive a database through every situation, and know when to stop."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

import pytest
from attrs import define, evolve
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from customdb_contract.bridges import LateEvent
from customdb_contract.calling import PlannedCall
from customdb_contract.connection import Connection, KnownUser, NewUser
from customdb_contract.contract import (
    Done,
    Failed,
    Found,
    NotFound,
    ProfileResult,
    Script,
    ScriptError,
    WrongUsernameOrPasswordError,
)
from customdb_contract.errors import ConfigurationError
from customdb_contract.faults import FAULTS
from customdb_contract.findings import Status
from customdb_contract.probes import OutageDatabase, Probing, Truth, Writing, plan_calls, plan_users, probe
from customdb_contract.probes.hostile import collisions, payloads
from customdb_contract.rules import judge
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import (
    UNKNOWN,
    Ending,
    Escape,
    Exchange,
    FactKind,
    Header,
    Mark,
    Noticed,
    Outcome,
    PasswordKnowledge,
    RecordedError,
    Recorder,
    ScriptInfo,
    Situation,
    SourceFact,
    StopKind,
    Transcript,
)
from scripted import PASSWORDS, Answer, ScriptedBridge, Store, truth

BOTH = (Script.LOGIN, Script.GET_USER)


def driven(
    bridge: ScriptedBridge,
    known: Truth | None = None,
    *,
    hostile: bool = False,
    wrong_passwords: int = 3,
    max_time: float = 60.0,
    outage: OutageDatabase | None = None,
    writing: Writing | None = None,
) -> Transcript:
    known = known or truth()
    recorder = Recorder(Header(people=known.people, connection=known.connection), known.registry)
    if writing is not None:
        recorder.know_new_people([created.person for created in writing.created_users])

    @contextmanager
    def open_outage() -> Generator[OutageDatabase]:
        assert outage is not None
        yield outage

    probe(
        bridge,
        known,
        recorder,
        Probing(hostile=hostile, wrong_passwords=wrong_passwords, max_time=max_time),
        open_outage=open_outage if outage else None,
        writing=writing,
    )
    return recorder.transcript()


def planned_calls(
    known: Truth, scripts: Sequence[Script], *, hostile: bool, wrong_passwords: int, outage: Sequence[Situation]
) -> Iterator[PlannedCall]:
    probing = Probing(hostile=hostile, wrong_passwords=wrong_passwords)
    return plan_calls(known, scripts, probing, outage=outage, callback_can_throw=False)


def situations(transcript: Transcript, script: Script | None = None) -> Counter[str]:
    return Counter(exchange.situation.value for exchange in transcript.exchanges if script in {None, exchange.script})


def stop_of(transcript: Transcript) -> tuple[StopKind, str]:
    reason = transcript.header.stop_reason
    assert reason is not None
    return reason.kind, reason.message


# The known users


def test_users_are_labelled_by_the_local_part_of_their_email_or_by_username() -> None:
    users = [
        KnownUser(email="ada@example.com"),
        KnownUser(email="ada@example.test"),
        KnownUser(username="ada"),
        KnownUser(username="unknown"),
        KnownUser(email="@example.com"),
    ]

    labels = [person.label for person in truth(*users).people]

    assert labels == ["ada", "ada-2", "ada-3", "unknown-2", "person"]


def test_known_facts_about_a_password() -> None:
    users = [
        KnownUser(email="a@example.com", password="long enough"),
        KnownUser(email="b@example.com", password="short"),
        KnownUser(email="c@example.com", password="c@example.com"),
        KnownUser(email="d@example.com"),
    ]

    knowledge = [person.password for person in truth(*users).people]

    assert knowledge == [
        PasswordKnowledge.KNOWN,
        PasswordKnowledge.SHORT,
        PasswordKnowledge.SHORT,
        PasswordKnowledge.NONE,
    ]


def test_a_check_without_known_users_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match=r"^no known user was given: name at least one user who is in the"):
        Truth.of([], Connection(), SecretRegistry())


def test_an_identifier_shared_by_two_users_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match=r"^the identifier 'ada@example.com' is given to 2 known users"):
        truth(KnownUser(email="ada@example.com"), KnownUser(email="b@example.com", aliases=["ada@example.com"]))


def test_a_profile_that_contradicts_the_person_is_an_error() -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"^the known user 'ada@example.com' contradicts itself: its profile says email = 'eve@example.com'$",
    ):
        truth(KnownUser(email="ada@example.com", profile={"email": "eve@example.com"}))


def test_a_profile_may_spell_the_email_otherwise() -> None:
    known = truth(KnownUser(email="Ada@example.com", profile={"email": "ada@example.com"}))

    assert known.people[0].profile == {"email": "ada@example.com"}


# The set-up


def test_all_known_users_are_looked_up_and_logged_in_first_and_again_later() -> None:
    transcript = driven(Store(PASSWORDS).bridge())

    reported = [(exchange.script, exchange.person, exchange.situation) for exchange in transcript.exchanges[:10]]

    assert reported == [
        (Script.GET_USER, "ada", Situation.KNOWN_USER),
        (Script.LOGIN, "ada", Situation.KNOWN_USER),
        (Script.GET_USER, "ada", Situation.REPEATED),
        (Script.GET_USER, "grace", Situation.KNOWN_USER),
        (Script.LOGIN, "grace", Situation.KNOWN_USER),
        (Script.GET_USER, "grace", Situation.REPEATED),
        (Script.GET_USER, "ada", Situation.REPEATED),
        (Script.LOGIN, "ada", Situation.REPEATED),
        (Script.GET_USER, "grace", Situation.REPEATED),
        (Script.LOGIN, "grace", Situation.REPEATED),
    ]


@pytest.mark.parametrize("only", ["ada@example.com", "grace@example.com"])
def test_no_other_user_logs_in_after_a_login_removed_one(only: str) -> None:
    store = Store(dict(PASSWORDS))

    def login(identifier: object, password: object) -> Answer:
        answer = store.login(identifier, password)
        if identifier == only:
            store.passwords = {email: known for email, known in store.passwords.items() if email != only}
        return answer

    transcript = driven(store.bridge(login=login))

    assert stop_of(transcript) == (
        StopKind.PROTECTION,
        (
            f"since {only} logged in, no script finds this user; the check logs in no other user, because that "
            "could remove more users"
        ),
    )
    assert [str(exchange.ending) for exchange in transcript.exchanges[-5:]] == [
        "found",
        "found",
        "not-found",
        "failed",
        "not-found",
    ]
    assert set(store.passwords) == {*PASSWORDS} - {only}


@pytest.mark.parametrize("denied", [1, 2])
def test_one_refusal_proves_no_removal(denied: int) -> None:
    """One rejection after a log-in, or two by get_user alone, prove nothing."""
    store = Store(PASSWORDS)
    asked = Counter[object]()

    def get_user(identifier: object) -> Answer:
        asked[identifier] += 1
        return NotFound() if 1 < asked[identifier] <= 1 + denied else store.get_user(identifier)

    assert driven(store.bridge(get_user=get_user)).header.stop_reason is None


def test_passwords_are_in_no_transcript() -> None:
    transcript = driven(Store(PASSWORDS).bridge(), hostile=True, wrong_passwords=20)

    text = str(transcript)

    assert "«password of ada»" in text
    assert ", case changed»" in text
    assert not [password for password in PASSWORDS.values() if password.lower() in text.lower()]


def test_a_store_that_is_down_stops_the_check_and_is_quoted() -> None:
    def down(*_: object) -> Answer:
        return Failed(ScriptError("connection refused"))

    transcript = driven(Store(PASSWORDS).bridge(login=down, get_user=down))

    kind, message = stop_of(transcript)
    assert kind is StopKind.SET_UP
    assert message == (
        'every call failed, so nothing could be judged: get_user failed with ScriptError "connection refused"; '
        'login failed with ScriptError "connection refused". The connection to the store was refused: '
        "is the store running, and is its address right in the configuration of the scripts?"
    )
    assert set(situations(transcript)) == {"known-user"}


def test_a_script_that_never_ends_for_anybody_stops_the_check() -> None:
    transcript = driven(
        Store(PASSWORDS).bridge(login=lambda *_: Ending.TIMED_OUT, get_user=lambda *_: Ending.TIMED_OUT)
    )

    assert stop_of(transcript)[1].endswith("get_user never called back; login never called back")


def test_an_error_that_is_no_error_object_is_quoted_too() -> None:
    bridge = Store(PASSWORDS).bridge(login=lambda *_: Failed("down"), get_user=lambda *_: Failed({"code": 7}))

    transcript = driven(bridge)

    assert stop_of(transcript)[1].endswith('get_user ended failed {"code": 7}; login ended failed "down"')


def test_users_unknown_to_both_scripts_stop_the_check() -> None:
    known = truth(
        KnownUser(email="ada@example.com", password=PASSWORDS["ada@example.com"]),
        KnownUser(email="nobody@example.com", password="never there"),
    )

    transcript = driven(Store(PASSWORDS).bridge(), known)

    kind, message = stop_of(transcript)
    assert kind is StopKind.SET_UP
    assert message.startswith("no script knows nobody@example.com: the known users must be in the store")
    assert message.endswith('get_user returned not-found; login failed with WrongUsernameOrPasswordError "no"')


@pytest.mark.parametrize("email", PASSWORDS)
@pytest.mark.parametrize("login", [ScriptError("no row"), WrongUsernameOrPasswordError(None, "no")])
def test_users_for_whom_every_script_fails_stop_the_check(email: str, login: ScriptError) -> None:
    store = Store(PASSWORDS)

    transcript = driven(
        store.bridge(
            get_user=lambda who: Failed(ScriptError("no row")) if who == email else store.get_user(who),
            login=lambda who, password: Failed(login) if who == email else store.login(who, password),
        )
    )

    kind, message = stop_of(transcript)
    assert kind is StopKind.SET_UP
    assert message.startswith(f"no script finds {email}, so nothing can be judged for them: every call ends in an")
    assert 'the list of users: get_user failed with ScriptError "no row"; login failed with ' in message


@pytest.mark.parametrize("ending", [Ending.RAISED, Ending.TIMED_OUT])
def test_an_exception_or_hang_for_one_user_is_a_finding_and_no_set_up_problem(ending: Ending) -> None:
    store = Store(PASSWORDS)

    transcript = driven(
        store.bridge(
            get_user=lambda who: ending if who == "grace@example.com" else store.get_user(who),
            login=lambda who, password: ending if who == "grace@example.com" else store.login(who, password),
        )
    )

    assert transcript.header.stop_reason is None


def test_an_error_for_a_disabled_person_is_no_set_up_problem() -> None:
    known = truth(
        KnownUser(email="ada@example.com", password=PASSWORDS["ada@example.com"]),
        KnownUser(email="eve@example.com", password="another", disabled=True),
    )
    store = Store(PASSWORDS)
    bridge = store.bridge(
        get_user=lambda who: Failed(ScriptError("disabled")) if who == "eve@example.com" else store.get_user(who)
    )

    assert driven(bridge, known).header.stop_reason is None


def test_a_disabled_person_may_be_refused_at_login_but_not_unknown_to_get_user() -> None:
    known = truth(KnownUser(email="ada@example.com", password="another", disabled=True))

    assert driven(Store(PASSWORDS).bridge(), known).header.stop_reason is None
    assert driven(Store({}).bridge(), known).header.stop_reason is not None


def test_one_script_that_finds_no_user_does_not_stop_the_check() -> None:
    transcript = driven(Store(PASSWORDS).bridge(get_user=lambda _: NotFound()))

    assert transcript.header.stop_reason is None


def test_a_retired_pair_is_called_for_unknown_users_only() -> None:
    transcript = driven(Store(PASSWORDS).bridge(get_user=lambda _: NotFound(), login=lambda *_: NotFound()))

    assert transcript.header.stop_reason is None
    assert set(situations(transcript)) == {"known-user", "unknown-user"}


def test_a_script_that_is_not_implemented_gets_no_further_calls() -> None:
    def template(*_: object) -> Answer:
        return Failed(ScriptError("Please implement the Get User script for this database connection"))

    transcript = driven(Store(PASSWORDS).bridge(get_user=template))

    assert transcript.header.stop_reason is None
    assert set(situations(transcript, Script.GET_USER)) == {"known-user"}
    assert "unknown-user" in situations(transcript, Script.LOGIN)


def test_a_script_that_cannot_be_called_is_a_finding_and_no_set_up_problem() -> None:
    bridge = Store(PASSWORDS).bridge(login=lambda *_: Ending.RAISED, get_user=lambda *_: Ending.RAISED)
    bridge.problems = {Script.LOGIN: "takes nothing", Script.GET_USER: "takes nothing"}

    assert driven(bridge).header.stop_reason is None


@pytest.mark.parametrize("script", BOTH)
def test_a_database_with_one_script_is_checked(script: Script) -> None:
    whole = Store(PASSWORDS).bridge()

    transcript = driven(ScriptedBridge({script: whole.functions[script]}), hostile=True)

    assert transcript.header.stop_reason is None
    assert {exchange.script for exchange in transcript.exchanges} == {script}


# Reading


def test_other_spellings_denote_the_person() -> None:
    known = truth(
        KnownUser(email="Zoë@Example.com", username="zoe", aliases=["zoe@old.example.com"], password="pass phrase")
    )
    known_bridge = Store({}).bridge(login=lambda *_: NotFound(), get_user=lambda *_: NotFound())

    planned = [
        (call.situation, call.arguments[0])
        for call in planned_calls(known, tuple(known_bridge.scripts), hostile=False, wrong_passwords=0, outage=())
        if call.situation.family == "other-spelling" and call.script is Script.GET_USER
    ]

    assert planned == [
        (Situation.LOWER_CASE, "zoë@example.com"),
        (Situation.UPPER_CASE, "ZOË@EXAMPLE.COM"),
        (Situation.SURROUNDING_BLANKS, " Zoë@Example.com "),
        (Situation.UNICODE_FORM, "Zoe\u0308@Example.com"),
        (Situation.USERNAME, "zoe"),
        (Situation.ALIAS, "zoe@old.example.com"),
    ]


def test_unknown_users_are_new_each_time_and_have_a_username_where_there_are_some() -> None:
    known = truth(connection=Connection(requires_username=True))

    def unknown() -> list[object]:
        planned = planned_calls(known, BOTH, hostile=False, wrong_passwords=0, outage=())
        return [call.arguments[0] for call in planned if call.situation is Situation.UNKNOWN_USER]

    first, second = unknown(), unknown()

    assert len(set(first)) == 3
    assert set(first).isdisjoint(second)
    assert [str(identifier).rpartition("@")[2] for identifier in first[::2]][:2] == ["example.com", "example.com"]
    assert "@" not in str(first[-1])


# Wrong passwords


def test_wrong_passwords_are_distributed_with_the_conclusive_ones_first() -> None:
    planned = planned_calls(truth(), (Script.LOGIN,), hostile=True, wrong_passwords=3, outage=())

    tried = [
        (call.person, call.situation)
        for call in planned
        if call.person != UNKNOWN and call.situation.family in {"wrong-password", "hostile"}
    ]

    assert [entry for entry in tried if entry[1] is not Situation.UNICODE_COLLISION] == [
        ("ada", Situation.WRONG_PASSWORD),
        ("grace", Situation.WRONG_PASSWORD),
        ("ada", Situation.EMPTY_PASSWORD),
        ("grace", Situation.SQL),
        ("ada", Situation.CASE_CHANGED_PASSWORD),
        ("grace", Situation.ANOTHER_USERS_PASSWORD),
    ]


def test_users_who_log_in_with_a_random_password_get_no_other_wrong_password() -> None:
    known = truth(
        KnownUser(email="ada@example.com", password=PASSWORDS["ada@example.com"]),
        KnownUser(email="grace@example.com"),
        KnownUser(email="eve@example.com", disabled=True),
    )
    store = Store({**PASSWORDS, "eve@example.com": "some word or other"})

    def login(identifier: str, password: str) -> Answer:
        return store.get_user(identifier) if identifier == "ada@example.com" else store.login(identifier, password)

    transcript = driven(store.bridge(login=login), known, hostile=True)

    tried = [
        (exchange.person, exchange.situation)
        for exchange in transcript.exchanges
        if exchange.person != UNKNOWN and exchange.situation.family in {"wrong-password", "hostile"}
    ]
    assert [entry for entry in tried if entry[1] is not Situation.UNICODE_COLLISION] == [
        ("ada", Situation.WRONG_PASSWORD),
        ("grace", Situation.WRONG_PASSWORD),
        ("eve", Situation.WRONG_PASSWORD),
    ]


def test_only_a_long_password_is_truncated() -> None:
    known = truth(
        KnownUser(email="ada@example.com", password="short enough"),
        KnownUser(email="alan@example.com", password="ü" * 40),
    )

    planned = list(planned_calls(known, (Script.LOGIN,), hostile=False, wrong_passwords=9, outage=()))

    cut = [call for call in planned if call.situation is Situation.CUT_PASSWORD]
    assert [call.person for call in cut] == ["alan"]
    assert known.registry.mask_argument("ü" * 36) == "«password of alan, cut after 72 bytes»"


def test_a_password_without_letters_has_no_other_case_and_a_lone_user_no_other_password() -> None:
    known = truth(KnownUser(email="ada@example.com", password="1234567890"))

    planned = planned_calls(known, (Script.LOGIN,), hostile=False, wrong_passwords=20, outage=())

    tried = {call.situation for call in planned if call.situation.family == "wrong-password"}
    assert Situation.CASE_CHANGED_PASSWORD not in tried
    assert Situation.ANOTHER_USERS_PASSWORD not in tried
    assert Situation.BLANK_PASSWORD in tried


@given(most=st.integers(0, 12), people=st.integers(1, 4))
def test_no_user_gets_more_wrong_passwords_than_allowed(most: int, people: int) -> None:
    users = [KnownUser(email=f"p{number}@example.com", password=f"Secret word {number}") for number in range(people)]
    known = truth(*users)
    store = Store({f"p{number}@example.com": f"Secret word {number}" for number in range(people)})

    transcript = driven(store.bridge(), known, wrong_passwords=most)

    failed = Counter(
        exchange.person
        for exchange in transcript.exchanges
        if exchange.script is Script.LOGIN and exchange.person != UNKNOWN and exchange.ending is not Ending.FOUND
    )
    assert all(count <= most for count in failed.values())


def test_a_login_with_the_right_password_follows_every_second_wrong_one_and_the_last() -> None:
    known = truth(KnownUser(email="ada@example.com", password=PASSWORDS["ada@example.com"]))

    transcript = driven(Store(PASSWORDS).bridge(), known)

    endings = [exchange.ending for exchange in transcript.exchanges if exchange.script is Script.LOGIN]
    assert endings[-5:] == [Ending.FAILED, Ending.FAILED, Ending.FOUND, Ending.FAILED, Ending.FOUND]


def test_a_locked_person_is_left_alone() -> None:
    store = Store(PASSWORDS)
    wrong: Counter[str] = Counter()

    def locking(identifier: str, password: str) -> Answer:
        answer = store.login(identifier, password)
        wrong[identifier] += isinstance(answer, Failed)
        return answer if wrong[identifier] < 2 else Failed(WrongUsernameOrPasswordError(identifier, "locked"))

    transcript = driven(store.bridge(login=locking), wrong_passwords=6)

    marked = [exchange for exchange in transcript.exchanges if Mark.LOCKED_OUT in exchange.marks]
    assert sorted(exchange.person for exchange in marked) == ["ada", "grace"]
    for exchange in marked:
        later = transcript.exchanges[exchange.number :]
        assert not [call for call in later if call.script is Script.LOGIN and call.person == exchange.person]


# Hostile input


@given(st.emails(domains=st.just("example.com")) | st.from_regex(r"[a-z]{1,12}", fullmatch=True))
def test_no_hostile_identifier_is_a_known_persons(identifier: str) -> None:
    assert_nothing_hostile_is_known(identifier)


def test_a_wildcard_that_is_a_known_persons_email_is_not_tried() -> None:
    assert_nothing_hostile_is_known("_@example.com")


def assert_nothing_hostile_is_known(identifier: str) -> None:
    known = truth(KnownUser(email=identifier, password="pass phrase"))

    planned = planned_calls(known, BOTH, hostile=True, wrong_passwords=0, outage=())

    assert identifier not in [call.arguments[0] for call in planned if call.situation.family == "hostile"]
    assert identifier.lower() not in list(collisions(identifier))


def test_hostile_input_can_be_switched_off() -> None:
    assert not [name for name in situations(driven(Store(PASSWORDS).bridge())) if name.startswith("hostile")]


def test_hostile_input_tries_every_kind() -> None:
    transcript = driven(Store(PASSWORDS).bridge(), hostile=True)

    tried = {name for name in situations(transcript) if name.startswith("hostile")}

    assert tried == {situation.value for situation in Situation if situation.family == "hostile"}


def test_reading_scripts_are_given_text_only() -> None:
    bridge, down = Store(PASSWORDS).bridge(), Store(PASSWORDS).bridge()

    driven(bridge, hostile=True, outage=OutageDatabase(down, _Faults(requests=1)))

    assert {type(argument) for _, arguments in (*bridge.calls, *down.calls) for argument in arguments} == {str}


def test_a_collision_that_is_an_alias_is_not_tried() -> None:
    alias = next(collisions("ada@example.com"))
    known = truth(KnownUser(email="ada@example.com", password="pass phrase", aliases=[alias]))

    planned = planned_calls(known, BOTH, hostile=True, wrong_passwords=0, outage=())

    assert alias not in [call.arguments[0] for call in planned if call.situation is Situation.UNICODE_COLLISION]


@pytest.mark.parametrize(
    ("local", "other"),
    [
        ("stra\N{LATIN SMALL LETTER SHARP S}e", "strasse"),
        ("jessica", "je\N{LATIN SMALL LETTER SHARP S}ica"),
        ("jos\N{LATIN SMALL LETTER E WITH ACUTE}", "jose"),
    ],
)
def test_collisions_fold_the_case_and_drop_accents(local: str, other: str) -> None:
    assert f"{other}@example.com" in list(collisions(f"{local}@example.com"))


def test_a_collision_that_is_another_users_email_is_not_tried() -> None:
    known = truth(
        KnownUser(email="stra\N{LATIN SMALL LETTER SHARP S}e@example.com"), KnownUser(email="Strasse@example.com")
    )

    planned = planned_calls(known, BOTH, hostile=True, wrong_passwords=0, outage=())

    tried = [call.arguments[0] for call in planned if call.situation is Situation.UNICODE_COLLISION]
    assert "strasse@example.com" not in tried
    assert len(tried) > 1


def test_an_identifier_without_letters_has_few_collisions() -> None:
    assert list(collisions("1@example.com")) == []


# Outages


class _Faults:
    """Replaces the fault server in tests without sockets."""

    situations = FAULTS

    def __init__(self, requests: int) -> None:
        self.requests = self._at_once = requests
        self.failed: list[Situation] = []

    def fail(self, situation: Situation) -> None:
        self.failed.append(situation)
        self.requests = self._at_once

    def begin_call(self) -> None:
        raise NotImplementedError  # It fails in no way that lets requests through.


def test_the_teams_own_outage_is_tested_once() -> None:
    broken = Store(PASSWORDS).bridge(get_user=lambda _: Failed(ScriptError("down")))

    transcript = driven(Store(PASSWORDS).bridge(), outage=OutageDatabase(broken, None))

    assert situations(transcript)["outage"] == 2


def test_the_fault_server_goes_through_every_fault() -> None:
    faults = _Faults(requests=1)
    outage = OutageDatabase(Store(PASSWORDS).bridge(), faults)

    transcript = driven(Store(PASSWORDS).bridge(), outage=outage)

    assert faults.failed == list(FAULTS)
    assert all(situations(transcript)[situation.value] == 2 for situation in FAULTS)


class UnparsableBridge(ScriptedBridge):
    """One script of the store cannot be parsed."""

    unparsable: Script

    @property
    @override
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        reported = SourceFact(FactKind.NOT_A_FUNCTION, "} is missing", "script.js:1:28")
        return {**super().scripts, self.unparsable: ScriptInfo(source=(reported,))}


@pytest.mark.parametrize("unparsable", [Script.GET_USER, Script.VERIFY])
def test_a_script_that_cannot_be_parsed_is_not_called_in_an_outage_either(unparsable: Script) -> None:
    known = truth()
    bridge, down = (UnparsableBridge(Store(PASSWORDS).bridge().functions) for _ in range(2))
    bridge.unparsable = down.unparsable = unparsable
    outage = OutageDatabase(down, _Faults(requests=1))

    transcript = driven(bridge, known, outage=outage, writing=Writing(created_users=plan_users(NewUser(), known)))

    assert transcript.header.stop_reason is None
    called = {script for script, _ in bridge.calls}
    assert called == {script for script, _ in down.calls} == {*BOTH} - {unparsable}


@pytest.mark.parametrize("unknown", [NotFound(), Failed(ScriptError("no row")), Ending.RAISED])
def test_users_created_during_an_outage_are_removed(unknown: Answer) -> None:
    known, store = truth(), Store(PASSWORDS)

    def get_user(identifier: object) -> Answer:
        return store.get_user(identifier) if identifier in PASSWORDS else unknown

    down = ScriptedBridge({Script.CREATE: lambda _: Done()})

    transcript = driven(
        store.bridge(get_user=get_user),
        known,
        outage=OutageDatabase(down, _Faults(requests=1)),
        writing=Writing(created_users=plan_users(NewUser(), known)),
    )

    assert down.calls
    assert transcript.header.left_behind == ()


def test_calls_of_a_database_that_never_asks_the_fault_server_are_judged_by_no_rule() -> None:
    outage = OutageDatabase(Store(PASSWORDS).bridge(), _Faults(requests=0))

    transcript = driven(Store(PASSWORDS).bridge(), outage=outage)

    provoked = [exchange for exchange in transcript.exchanges if exchange.situation.family == "outage"]
    assert transcript.header.stop_reason is None
    assert {exchange.marks for exchange in provoked} == {frozenset({Mark.OUTAGE_NOT_MET})}
    verdict = judge(transcript).verdict("outage-as-not-found")
    assert verdict.status is Status.NOT_APPLICABLE
    assert verdict.reason == "needs [outage] in which the scripts query the fault server or proxy; they never did"


def test_a_script_that_sends_no_request_has_met_no_outage() -> None:
    faults = _Faults(requests=0)

    def asking(*_: object) -> Failed:
        # A connection that is refused is not seen.
        faults.requests += faults.failed[-1] is not Situation.REFUSE
        return Failed(ScriptError("down"))

    stub = Store(PASSWORDS).bridge(get_user=lambda _: NotFound(), login=asking)

    transcript = driven(Store(PASSWORDS).bridge(), outage=OutageDatabase(stub, faults))

    provoked = [exchange for exchange in transcript.exchanges if exchange.situation.family == "outage"]
    unmet = [exchange for exchange in provoked if Mark.OUTAGE_NOT_MET in exchange.marks]
    assert [exchange.script for exchange in unmet] == [Script.GET_USER] * len(FAULTS)
    assert len(provoked) == 2 * len(FAULTS)
    assert judge(transcript).verdict("outage-as-not-found").status is not Status.FAILED


def test_a_request_between_two_calls_proves_the_outage_for_all_scripts() -> None:
    class Pool(_Faults):
        @override
        def fail(self, situation: Situation) -> None:
            super().fail(situation)
            self.requests = int(situation is FAULTS[1])

    outage = OutageDatabase(Store(PASSWORDS).bridge(get_user=lambda _: NotFound()), Pool(requests=0))

    transcript = driven(Store(PASSWORDS).bridge(), outage=outage)

    assert not any(Mark.OUTAGE_NOT_MET in exchange.marks for exchange in transcript.exchanges)
    assert judge(transcript).verdict("outage-as-not-found").status is Status.FAILED


def test_a_store_that_still_finds_all_users_is_reachable() -> None:
    transcript = driven(Store(PASSWORDS).bridge(), outage=OutageDatabase(Store(PASSWORDS).bridge(), None))

    provoked = [exchange for exchange in transcript.exchanges if exchange.situation is Situation.OUTAGE]
    assert len(provoked) == 2
    assert {exchange.marks for exchange in provoked} == {frozenset({Mark.OUTAGE_NOT_MET})}
    reason = judge(transcript).verdict("outage-as-not-found").reason
    assert reason == "needs [outage] with an unreachable store; a script still found a user"


@pytest.mark.parametrize(
    "answer",
    [NotFound(), Found({"user_id": "another", "email": "ada@example.com"}), Found({}), Failed(ScriptError("down"))],
    ids=["nobody", "another", "without-id", "failed"],
)
def test_a_script_that_no_longer_finds_a_user_has_met_the_outage(answer: ProfileResult) -> None:
    outage = OutageDatabase(Store(PASSWORDS).bridge(get_user=lambda _: answer), None)

    transcript = driven(Store(PASSWORDS).bridge(), outage=outage)

    assert not any(exchange.marks for exchange in transcript.exchanges)


def test_an_outage_needs_no_password() -> None:
    known = truth(KnownUser(email="ada@example.com"))

    transcript = driven(
        Store(PASSWORDS).bridge(),
        known,
        outage=OutageDatabase(ScriptedBridge({Script.GET_USER: lambda _: NotFound()}), None),
    )

    assert situations(transcript)["outage"] == 1


def test_an_outage_is_tested_without_get_user_too() -> None:
    bridge = ScriptedBridge({Script.LOGIN: Store(PASSWORDS).login})

    transcript = driven(bridge, outage=OutageDatabase(bridge, None))

    assert situations(transcript)["outage"] == 1


def test_a_plan_ends_with_the_outages() -> None:
    planned = list(planned_calls(truth(), BOTH, hostile=True, wrong_passwords=1, outage=FAULTS))

    assert [call.situation for call in planned[-2 * len(FAULTS) :: 2]] == list(FAULTS)


# The driver


def flaky(answers: Iterator[Answer], store: Store) -> ScriptedBridge:
    """Return a bridge whose get_user returns the given results first, then those of the store."""

    def get_user(identifier: object) -> Answer:
        return next(answers, None) or store.get_user(identifier)

    return store.bridge(get_user=get_user)


def test_a_failure_that_does_not_recur_is_attributed_to_the_store() -> None:
    transcript = driven(flaky(iter([Failed(ScriptError("hiccup"))]), Store(PASSWORDS)))

    assert transcript.exchanges[0].marks == {Mark.UNSTABLE_STORE}
    assert transcript.exchanges[1].ending is Ending.FOUND
    assert transcript.header.stop_reason is None


def test_a_failure_that_recurs_is_attributed_to_the_script() -> None:
    store = Store(PASSWORDS)

    def get_user(identifier: object) -> Answer:
        return (
            Failed(ScriptError("no such user")) if str(identifier).startswith("nobody") else store.get_user(identifier)
        )

    transcript = driven(store.bridge(get_user=get_user))

    failed = [exchange for exchange in transcript.exchanges if exchange.ending is Ending.FAILED]
    assert not [exchange for exchange in failed if exchange.marks]
    assert len([exchange for exchange in failed if exchange.script is Script.GET_USER]) == 3


def test_a_store_that_goes_away_stops_the_check() -> None:
    store = Store(PASSWORDS)
    calls = iter(range(1000))

    def get_user(identifier: object) -> Answer:
        return store.get_user(identifier) if next(calls) < 4 else Failed(ScriptError("gone"))

    def login(identifier: object, password: object) -> Answer:
        return store.login(identifier, password)

    transcript = driven(store.bridge(get_user=get_user, login=login))

    assert stop_of(transcript) == (
        StopKind.SET_UP,
        "the store stopped answering during the check: a call that had worked before failed repeatedly",
    )
    assert all(
        exchange.marks
        for exchange in transcript.exchanges
        if exchange.ending is Ending.FAILED and exchange.script is Script.GET_USER
    )


CLOSE = "Close every connection, or keep one pool for all calls; otherwise let the store accept more"


@pytest.mark.parametrize(
    ("said", "kind", "advice"),
    [
        ("ER_CON_COUNT_ERROR: Too many connections", "connections", CLOSE),
        ("sorry, too many clients already", "connections", CLOSE),
        ("request failed with status code 429", "calls", "Raise its limit while you check"),
    ],
)
def test_an_overloaded_store_stops_the_check(said: str, kind: str, advice: str) -> None:
    store = Store(PASSWORDS)
    calls = iter(range(1000))

    def get_user(identifier: object) -> Answer:
        return store.get_user(identifier) if next(calls) < 4 else Failed(ScriptError(said))

    transcript = driven(store.bridge(get_user=get_user))

    *before, last = transcript.exchanges
    assert stop_of(transcript) == (
        StopKind.SET_UP,
        (
            f"the store accepts no more {kind}: get_user worked before, and in call {last.number} it failed "
            f'with ScriptError "{said}". {advice}'
        ),
    )
    refused = [exchange for exchange in transcript.exchanges if exchange.script is Script.GET_USER][4:]
    assert [exchange.marks for exchange in refused] == [{Mark.EXHAUSTED_STORE}] * 3
    assert last.situation is Situation.REPEATED
    assert not [exchange for exchange in before if exchange.marks and exchange not in refused]


def test_login_alone_may_exhaust_its_pool() -> None:
    store = Store(PASSWORDS)
    calls = iter(range(1000))

    def login(identifier: object, password: object) -> Answer:
        if next(calls) < 4:
            return store.login(identifier, password)
        return Failed(ScriptError("QueuePool limit of size 5 overflow 10 reached, connection timed out"))

    transcript = driven(store.bridge(login=login))

    kind, message = stop_of(transcript)
    assert kind is StopKind.SET_UP
    assert message.startswith("the store accepts no more connections: login worked before")
    assert {exchange.script for exchange in transcript.exchanges if exchange.marks} == {Script.LOGIN}


def test_an_exhausted_store_may_refuse_a_log_in_after_wrong_passwords() -> None:
    store = Store(PASSWORDS)
    wrong = iter(range(1000))
    refusals: list[int] = []

    def login(identifier: object, password: object) -> Answer:
        if refusals:
            return Failed(ScriptError("Too many connections"))
        answer = store.login(identifier, password)
        if isinstance(answer, Failed) and str(identifier).startswith("ada"):
            refusals.extend([0] * (next(wrong) == 1))
        return answer

    transcript = driven(store.bridge(login=login))

    assert stop_of(transcript)[1].startswith("the store accepts no more connections")
    marked = [exchange for exchange in transcript.exchanges if exchange.marks]
    assert [exchange.marks for exchange in marked] == [{Mark.EXHAUSTED_STORE}] * 2
    assert len({exchange.person for exchange in marked}) == 2


@pytest.mark.parametrize("said", ["Too many connections", "too many requests"])
@pytest.mark.parametrize("without", [(), (Script.GET_USER,)], ids=["both scripts", "login alone"])
@pytest.mark.parametrize("failures", [1, 2, 3])
def test_a_limit_for_each_person_is_no_exhausted_store(said: str, without: Sequence[Script], failures: int) -> None:
    store = Store(PASSWORDS)
    failed: Counter[str] = Counter()

    def login(identifier: object, password: object) -> Answer:
        if failed[str(identifier)] >= failures:
            return Failed(ScriptError(said))
        answer = store.login(identifier, password)
        failed[str(identifier)] += isinstance(answer, Failed)
        return answer

    functions = store.bridge(login=login).functions
    transcript = driven(ScriptedBridge({script: one for script, one in functions.items() if script not in without}))

    assert transcript.header.stop_reason is None
    assert not [exchange for exchange in transcript.exchanges if Mark.EXHAUSTED_STORE in exchange.marks]
    assert any(Mark.LOCKED_OUT in exchange.marks for exchange in transcript.exchanges)


@pytest.mark.parametrize("said", ["Too many connections", "status code 429"])
def test_a_store_that_refuses_from_its_first_call_is_an_ordinary_failure(said: str) -> None:
    store = Store(PASSWORDS)
    refused = Failed(ScriptError(said))

    transcript = driven(store.bridge(get_user=lambda _: refused, login=lambda *_: refused))

    assert stop_of(transcript)[1].startswith(
        "every call failed, so nothing could be judged: get_user failed with ScriptError"
    )
    assert not [exchange for exchange in transcript.exchanges if exchange.marks]


def test_a_refusal_of_some_identifiers_alone_is_the_scripts_own() -> None:
    store = Store(PASSWORDS)

    def get_user(identifier: object) -> Answer:
        if str(identifier).startswith("nobody"):
            return Failed(ScriptError("too many requests"))
        return store.get_user(identifier)

    transcript = driven(store.bridge(get_user=get_user))

    assert transcript.header.stop_reason is None
    assert not [exchange for exchange in transcript.exchanges if exchange.marks]


def test_a_call_that_never_ends_is_not_repeated_in_its_family() -> None:
    store = Store(PASSWORDS)

    def get_user(identifier: object) -> Answer:
        return Ending.TIMED_OUT if str(identifier).startswith("nobody") else store.get_user(identifier)

    transcript = driven(store.bridge(get_user=get_user))

    assert [exchange.ending for exchange in transcript.exchanges].count(Ending.TIMED_OUT) == 1


def hanging_for(hostile: Situation, store: Store) -> Callable[[object, object], Answer]:
    identifiers = {identifier for situation, identifier in payloads("ada@example.com") if situation is hostile}

    def login(identifier: object, password: object) -> Answer:
        return Ending.TIMED_OUT if identifier in identifiers else store.login(str(identifier), str(password))

    return login


def test_hostile_identifiers_continue_after_a_hang_and_skipped_ones_are_noted() -> None:
    store = Store(PASSWORDS)

    transcript = driven(store.bridge(login=hanging_for(Situation.LDAP, store)), hostile=True)

    hostile = [exchange for exchange in transcript.select(Script.LOGIN, "hostile") if exchange.person == UNKNOWN]
    hung = [exchange for exchange in hostile if exchange.ending is Ending.TIMED_OUT]
    assert len(hung) == 3
    assert hostile[-1] is hung[-1]
    left_out = hung[-1].outcome.noticed(Noticed.LEFT_OUT)
    assert left_out[:2] == ("hostile: ldap", "hostile: search-query")
    assert len(left_out) == len(set(left_out))
    assert not [exchange for exchange in hung[:-1] if exchange.outcome.noticed(Noticed.LEFT_OUT)]
    assert transcript.select(Script.GET_USER, Situation.REGEX)


def test_a_backtracking_script_gets_no_longer_input() -> None:
    store = Store(PASSWORDS)

    transcript = driven(store.bridge(login=hanging_for(Situation.BACKTRACKING, store)), hostile=True)

    assert [exchange.identifier for exchange in transcript.select(Script.LOGIN, Situation.BACKTRACKING)] == [
        "a" * 24 + "!"
    ]
    assert len(transcript.select(Script.GET_USER, Situation.BACKTRACKING)) == 6


@define
class BusyBridge(ScriptedBridge):
    """Takes several seconds for the first call with a text, and a different time for later ones."""

    seconds: tuple[float, float] = (0.0, 0.0)
    slow: frozenset[str] = frozenset()

    @override
    def call(
        self,
        script: Script,
        arguments: Sequence[object],
        *,
        context: Mapping[str, object] | None = None,
        throwing: bool = False,
    ) -> Outcome:
        outcome = super().call(script, arguments, context=context, throwing=throwing)
        is_again = self.calls.count((script, tuple(arguments))) > 1
        duration = self.seconds[is_again] if arguments[0] in self.slow else 0.0
        return evolve(outcome, duration=duration)


@pytest.mark.parametrize(
    ("again", "asked"),
    [
        pytest.param(0.1, [24, 24, 28, 28, 32, 32], id="the machine was busy"),
        pytest.param(1.5, [24, 24], id="the script is slow"),
    ],
)
def test_a_slow_call_with_a_long_text_is_repeated_once(again: float, asked: Sequence[int]) -> None:
    store = Store(PASSWORDS)
    slow = frozenset(f"{'a' * letters}!" for letters in asked)
    bridge = BusyBridge({Script.LOGIN: store.login, Script.GET_USER: store.get_user}, seconds=(1.5, again), slow=slow)

    transcript = driven(bridge, hostile=True)

    texts = [str(exchange.identifier) for exchange in transcript.select(Script.GET_USER, Situation.BACKTRACKING)]
    assert [len(text) - 1 for text in texts if not text.startswith("a@")] == asked


def test_login_gets_hostile_identifiers_with_a_right_password() -> None:
    known = truth(
        KnownUser(email="grace@example.com"),
        KnownUser(email="eve@example.com", password="locked out since May", disabled=True),
        KnownUser(email="ada@example.com", password=PASSWORDS["ada@example.com"]),
    )

    planned = list(planned_calls(known, BOTH, hostile=True, wrong_passwords=0, outage=()))

    asked = [call for call in planned if call.script is Script.LOGIN and call.situation is Situation.SQL]
    assert {call.arguments[1] for call in asked} == {known.passwords["ada"]}
    assert "ada@example.com' -- " in {call.arguments[0] for call in asked}


def test_the_time_for_the_whole_check_ends_it() -> None:
    transcript = driven(Store(PASSWORDS).bridge(), max_time=1e-9)

    assert stop_of(transcript) == (
        StopKind.TIME,
        "the time for the whole check, 1e-09 s, was up before everything was checked",
    )


def test_late_events_are_added_to_the_call_that_caused_them() -> None:
    bridge = Store(PASSWORDS).bridge()
    bridge.late = [LateEvent(1, arguments=(None,)), LateEvent(2, raised=RecordedError("ValueError", "late"))]

    transcript = driven(bridge)

    assert transcript.exchanges[1].outcome.callbacks[1:] == ((None,),)
    assert transcript.exchanges[2].outcome.raised == RecordedError("ValueError", "late")
    assert transcript.exchanges[2].outcome.escape is Escape.LATER


def test_progress_is_reported_for_every_call() -> None:
    seen: list[Exchange] = []
    known = truth()
    recorder = Recorder(Header(people=known.people), known.registry)

    probe(
        Store(PASSWORDS).bridge(),
        known,
        recorder,
        Probing(hostile=False, wrong_passwords=1),
        progress=seen.append,
    )

    assert [exchange.number for exchange in seen] == [exchange.number for exchange in recorder.transcript().exchanges]


# Context and throwing callbacks


class GivenBridge(ScriptedBridge):
    """Records the context and whether the callback raises, by the number of the call."""

    given: list[tuple[bool, bool]]

    @property
    @override
    def callback_can_throw(self) -> bool:
        return True

    @override
    def call(
        self,
        script: Script,
        arguments: Sequence[object],
        *,
        context: Mapping[str, object] | None = None,
        throwing: bool = False,
    ) -> Outcome:
        self.given.append((bool((context or {}).get("organization")), throwing))
        return super().call(script, arguments, context=context, throwing=throwing)


def test_only_the_calls_about_it_have_a_callback_that_throws_or_an_organization() -> None:
    store = Store(PASSWORDS)
    bridge = GivenBridge({Script.GET_USER: store.get_user, Script.LOGIN: store.login})
    bridge.given = []

    transcript = driven(
        bridge,
        Truth.of(
            [KnownUser(email=email, password=password) for email, password in PASSWORDS.items()],
            Connection(script_context=True),
            SecretRegistry(),
        ),
    )

    expected = [
        (call.situation is Situation.ORGANIZATION, call.situation is Situation.CALLBACK_THROWS)
        for call in transcript.exchanges
    ]
    assert bridge.given == expected
    assert {(True, False), (False, True), (False, False)} == set(expected)


class NamedBridge(ScriptedBridge):
    """Records the organization of each identifier."""

    given: dict[object, set[object]]

    @override
    def call(
        self,
        script: Script,
        arguments: Sequence[object],
        *,
        context: Mapping[str, object] | None = None,
        throwing: bool = False,
    ) -> Outcome:
        organization = (context or {}).get("organization")
        named = cast("Mapping[str, object]", organization or {})
        self.given.setdefault(arguments[0], set()).add(named.get("name"))
        return super().call(script, arguments)


@pytest.mark.parametrize(("of_bob", "known_of_bob"), [(None, {None, "example"}), ("bank", {"bank"})])
def test_a_person_with_an_organization_is_called_with_it_alone(of_bob: str | None, known_of_bob: set[object]) -> None:
    store = Store(PASSWORDS)
    bridge = NamedBridge({Script.GET_USER: store.get_user, Script.LOGIN: store.login})
    bridge.given = {}
    ada, bob, *_ = PASSWORDS
    people = [
        KnownUser(email=ada, password=PASSWORDS[ada], organization="hotel"),
        KnownUser(email=bob, password=PASSWORDS[bob], organization=of_bob),
    ]

    transcript = driven(bridge, Truth.of(people, Connection(script_context=True), SecretRegistry()))

    assert bridge.given[ada] == {"hotel"}
    assert bridge.given[bob] == known_of_bob
    # If every user has an organization, the scripts may need one to report an unknown user.
    unknown = {str(call.arguments[0]) for call in transcript.exchanges if call.situation is Situation.UNKNOWN_USER}
    assert [bridge.given[identifier] for identifier in unknown] == [{None if of_bob is None else "hotel"}] * len(
        unknown
    )
    assert unknown


def test_an_organization_needs_the_context() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Truth.of([KnownUser(username="ada", organization="hotel")], Connection(), SecretRegistry())

    assert str(caught.value) == (
        "the known user 'ada' has an organization, which scripts receive only in context: turn on script_context"
    )


class OrganizationBridge(ScriptedBridge):
    """Fails where its script gets no organization."""

    @override
    def call(
        self,
        script: Script,
        arguments: Sequence[object],
        *,
        context: Mapping[str, object] | None = None,
        throwing: bool = False,
    ) -> Outcome:
        if not (context or {}).get("organization"):
            error = RecordedError("TypeError", "Cannot read properties of undefined (reading 'id')")
            return Outcome(Ending.FAILED, callbacks=((error,),))
        return super().call(script, arguments)


def test_a_script_that_needs_an_organization_gets_no_calls_without_one() -> None:
    store = Store(PASSWORDS)
    people = [KnownUser(email=email, password=password) for email, password in PASSWORDS.items()]

    transcript = driven(
        OrganizationBridge({Script.GET_USER: store.get_user, Script.LOGIN: store.login}),
        Truth.of(people, Connection(script_context=True), SecretRegistry()),
    )

    situations = {exchange.situation for exchange in transcript.exchanges}
    assert situations == {Situation.KNOWN_USER, Situation.ORGANIZATION}
    assert all(
        (exchange.ending is Ending.FOUND) == (exchange.situation is Situation.ORGANIZATION)
        for exchange in transcript.exchanges
    )


def test_only_wrong_passwords_of_known_users_are_followed_by_the_right_one() -> None:
    known = truth(KnownUser(email="ada@example.com", password=PASSWORDS["ada@example.com"]))

    transcript = driven(Store(PASSWORDS).bridge(), known, wrong_passwords=6)

    logins = [exchange for exchange in transcript.exchanges if exchange.script is Script.LOGIN]
    failed = [exchange for exchange in logins if exchange.person == "ada" and exchange.ending is Ending.FAILED]
    unknown = [exchange for exchange in logins if exchange.person == UNKNOWN]
    right_again = [exchange for exchange in logins if exchange.situation is Situation.REPEATED]
    assert len(unknown) > 1
    assert len(failed) > 3
    # An odd one is followed too, at the end; one more call is the second look-up of every user.
    assert len(right_again) == len(failed) // 2 + len(failed) % 2 + 1
