"""The public strategies: valid values are valid, one rule finds each flaw, and everything shrinks."""

import ast
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

import customdb_contract.testing
from customdb_contract import (
    Connection,
    Declined,
    Done,
    Failed,
    Found,
    KnownUser,
    NotFound,
    Report,
    ScriptError,
    Situation,
    Transcript,
    WrongUsernameOrPasswordError,
    check,
    judge,
    normalize_profile,
)
from customdb_contract.contract import Script
from customdb_contract.findings import Group
from customdb_contract.profiles import email_problem, metadata_key_problems, mfa_factors_problem, username_problem
from customdb_contract.rules import CATALOGUE
from customdb_contract.secrets import SecretRegistry
from customdb_contract.testing import strategies
from customdb_contract.testing.strategies import (
    FLAWS,
    NOT_IN_ONE_PROFILE,
    DrawnDatabase,
    InMemoryDatabase,
    _calls,
    _records,
    _values,
)
from customdb_contract.transcript import (
    ActionRun,
    ApiCall,
    Ending,
    Exchange,
    Header,
    LegacyRequest,
    LogEntry,
    Operation,
    Outcome,
    Person,
    Record,
    ScriptInfo,
    StoreWrite,
    record,
)
from mutants import breaches, explain

pytestmark = [pytest.mark.one_python, pytest.mark.traced]

_Drawn = TypeVar("_Drawn")


def found_in(profile: Mapping[str, object], *, import_mode: bool = True) -> Report:
    """Judge a transcript in which login and get_user both return a profile, twice."""
    email, username = profile.get("email"), profile.get("username")
    person = Person(
        label="ada",
        email=email if isinstance(email, str) and email else "ada@example.com",
        username=username if isinstance(username, str) and username else None,
    )
    outcome = Outcome(ending=Ending.FOUND, callbacks=((None, record(profile, SecretRegistry().mask)),))
    calls = [
        (script, situation)
        for situation in (Situation.KNOWN_USER, Situation.REPEATED)
        for script in (Script.GET_USER, Script.LOGIN)
    ]
    exchanges = tuple(
        Exchange(
            number, script, (person.email, "«password of ada»")[: len(script.argument_names)], "ada", situation, outcome
        )
        for number, (script, situation) in enumerate(calls, start=1)
    )
    header = Header(
        people=(person,),
        connection=Connection(import_mode=import_mode),
        scripts={Script.LOGIN: ScriptInfo(), Script.GET_USER: ScriptInfo()},
    )
    return judge(Transcript(header, exchanges))


def smallest_of(
    strategy: st.SearchStrategy[_Drawn], condition: Callable[[_Drawn], bool] = lambda _: True, *, examples: int = 10
) -> _Drawn:
    """Return the smallest example of a strategy."""
    # The explain phase traces every line, and adds nothing here.
    phases = (Phase.generate, Phase.shrink)
    return find(strategy, condition, settings=settings(max_examples=examples, database=None, phases=phases))


# Valid profiles and their parts


@given(strategies.emails())
def test_an_email_is_valid_in_lower_case_and_of_a_reserved_domain(email: str) -> None:
    assert email_problem(email) is None
    assert email == email.lower()
    assert email.rpartition("@")[2] in strategies.RESERVED_DOMAINS


@given(strategies.emails(domains=["shop.example"], upper_case=True, international=True))
def test_an_email_of_another_alphabet_is_valid(email: str) -> None:
    assert email_problem(email) is None
    assert email.rpartition("@")[2] in {"shop.example", "bücher.test"}


@given(strategies.usernames(max_size=128) | strategies.usernames(min_size=2, max_size=3, upper_case=True))
def test_a_username_is_valid(username: str) -> None:
    assert username_problem(username) is None


@given(strategies.mfa_factors())
def test_factors_are_valid(factors: list[dict[str, dict[str, str]]]) -> None:
    assert mfa_factors_problem(factors) is None


@given(strategies.metadata())
def test_metadata_is_valid(metadata: dict[str, object]) -> None:
    assert list(metadata_key_problems(metadata, "app_metadata")) == []


@given(strategies.metadata(names=st.just("plan"), values=st.just("full")))
def test_metadata_has_the_given_fields(metadata: dict[str, object]) -> None:
    assert metadata in ({}, {"plan": "full"})


@given(strategies.passwords(), strategies.passwords(min_size=80, max_size=90, international=True))
def test_a_password_has_the_requested_length(documented: str, legacy: str) -> None:
    assert 8 <= len(documented) <= 72
    assert documented.isascii()
    assert documented.isprintable()
    assert 80 <= len(legacy) <= 90


_PROFILES = strategies.profiles() | strategies.profiles(import_mode=True, requires_username=True)


@given(_PROFILES, st.booleans())
def test_a_valid_profile_needs_no_repair(profile: dict[str, object], import_mode: bool) -> None:
    normalized = normalize_profile(profile, import_mode=import_mode)

    assert normalized.repairs == ()
    assert normalized.profile.model_dump(exclude_unset=True) == profile


@pytest.mark.untraced
@given(_PROFILES, st.booleans())
def test_no_rule_finds_anything_in_a_valid_profile(profile: dict[str, object], import_mode: bool) -> None:
    report = found_in(profile, import_mode=import_mode)

    reported = [verdict.rule.name for verdict in report.verdicts if verdict.findings]
    # With import mode off, factors are ignored, which is reported as information.
    assert reported == (["invalid-mfa-factors"] if "mfa_factors" in profile and not import_mode else []), explain(
        report
    )
    assert report.ok


@given(
    strategies.profiles(
        user_ids=st.just("7"),
        emails=st.just("ada@example.com"),
        usernames=st.just("ada"),
        user_metadata=st.just({"color": "red"}),
        app_metadata=st.just({"seats": 7}),
        requires_username=True,
    )
)
def test_a_profile_is_made_of_what_is_given(profile: dict[str, object]) -> None:
    given_values = {"user_id": "7", "email": "ada@example.com", "username": "ada"}
    assert profile | given_values == profile
    assert profile.get("user_metadata") in (None, {"color": "red"})
    assert profile.get("app_metadata") in (None, {"seats": 7})


# Flawed profiles


@pytest.mark.parametrize("rule", FLAWS)
@settings(max_examples=5)
@given(data=st.data())
def test_a_flaw_changes_a_profile(rule: str, data: st.DataObject) -> None:
    right: dict[str, object] = {"user_id": "7", "email": "ada@example.com", "email_verified": True, "username": "ada"}

    # 1 equals True.
    assert repr(data.draw(strategies.flawed_profiles(rule, profiles=st.just(right)))) != repr(right)


@pytest.mark.untraced
@pytest.mark.parametrize("rule", FLAWS)
@settings(max_examples=10)
@given(data=st.data())
def test_one_rule_finds_the_flaw_of_a_profile(rule: str, data: st.DataObject) -> None:
    report = found_in(data.draw(strategies.flawed_profiles(rule)))

    assert breaches(report) == [rule], explain(report)


def test_every_rule_about_profiles_has_a_flaw_or_a_reason() -> None:
    about_profiles = [rule.info.name for rule in CATALOGUE if rule.info.group is Group.PROFILE]

    assert sorted([*FLAWS, *NOT_IN_ONE_PROFILE]) == sorted(about_profiles)


@given(strategies.flawed_profiles("missing-user-id", profiles=st.just({"user_id": "7", "email": "ada@example.com"})))
def test_a_given_profile_gets_the_flaw(profile: dict[str, object]) -> None:
    assert profile in (
        {"email": "ada@example.com"},
        {"user_id": None, "email": "ada@example.com"},
        {"user_id": "", "email": "ada@example.com"},
    )


# Hostile identifiers


@given(strategies.hostile_identifiers(victims=strategies.emails()))
def test_no_correct_database_finds_a_user_by_a_hostile_identifier(identifier: str) -> None:
    victim = KnownUser(email="ada@example.com", password="correct horse")

    assert InMemoryDatabase([victim]).get_user(identifier) == NotFound()


@given(strategies.hostile_identifiers(situations=["hostile: unicode-collision"]))
def test_a_look_alike_is_no_ascii(identifier: str) -> None:
    assert not identifier.isascii()


@given(strategies.hostile_identifiers(situations={Situation.WILDCARD}))
def test_a_wildcard_is_no_look_alike(identifier: str) -> None:
    assert identifier.isascii()
    assert {*identifier} & {*"%*?_"} or identifier in "ada@example.com"


# Users, connections, transcripts


@given(strategies.known_users())
def test_a_known_user_matches_the_profile(user: KnownUser) -> None:
    assert user.email
    assert user.email.lower() == user.profile["email"]
    assert user.username == user.profile.get("username")
    assert user.password
    assert user.password.reveal() not in {value for value in user.profile.values() if isinstance(value, str)}


@given(strategies.known_users(disabled=True, profiles=st.just({"email": "ada@example.com"})))
def test_a_known_user_has_the_requested_properties(user: KnownUser) -> None:
    assert user.disabled
    assert user.profile == {"email": "ada@example.com"}


@given(strategies.connections(import_mode=True, requires_username=False, names=st.just("legacy")))
def test_a_connection_has_the_requested_settings(connection: Connection) -> None:
    assert (connection.name, connection.import_mode, connection.requires_username) == ("legacy", True, False)


@settings(max_examples=50)
@given(strategies.transcripts())
def test_a_transcript_survives_its_text_and_its_json(transcript: Transcript) -> None:
    assert str(Transcript.parse(str(transcript))) == str(transcript)
    assert Transcript.from_json(transcript.to_json()) == transcript


@pytest.mark.untraced
@settings(max_examples=20)
@given(strategies.transcripts(connections=strategies.connections(import_mode=True)))
def test_a_transcript_is_of_the_given_connection(transcript: Transcript) -> None:
    assert transcript.connection.import_mode


# Databases


@settings(max_examples=15)
@given(strategies.databases())
def test_a_database_passes_the_check(drawn: DrawnDatabase) -> None:
    report = check(drawn.database, drawn.users, connection=drawn.connection, outage=drawn.outage)

    # Without an Action, nothing repairs what an interrupted migration loses.
    found = {verdict.rule.name for verdict in report.verdicts if verdict.findings}
    assert found <= {"no-metadata-repair"}, explain(report)
    assert report.ok
    assert report.transcript.header.stop_reason is None


@settings(max_examples=30)
@given(
    strategies.databases(
        connections=st.just(Connection(import_mode=True, requires_username=True)), min_people=2, max_people=2
    )
)
def test_a_database_has_the_requested_properties(drawn: DrawnDatabase) -> None:
    assert drawn.connection.import_mode
    assert len(drawn.users) == 2
    assert all(user.username for user in drawn.users)


@settings(max_examples=30)
@given(strategies.databases(max_people=1), strategies.emails(domains=["new.test"]), strategies.passwords())
def test_a_database_is_written_to(drawn: DrawnDatabase, email: str, password: str) -> None:
    database, (user,) = drawn.database, drawn.users
    assert database.create({"email": email, "password": password}) == Done()
    profile = database.login(email, password)
    assert isinstance(profile, Found)
    assert profile.profile["email"] == email.lower()
    assert database.change_email(email, str(user.email), True) == Declined()
    assert database.change_email(str(user.email), f"x{email}", True) == Done()
    changed = Found({**user.profile, "email": f"x{email}".lower(), "email_verified": True})
    assert database.get_user(f"x{email}") == changed != profile


def test_people_are_found_by_every_identifier() -> None:
    ada = KnownUser(email="Ada@example.com", username="ada", phone_number="+441632960000")
    profile = {"user_id": "known-1", "email": "ada@example.com", "email_verified": False}

    for identifier in ada.identifiers:
        found = InMemoryDatabase([ada]).get_user(identifier)
        assert found == Found(profile | {"username": "ada", "phone_number": "+441632960000"})


def test_changing_a_profile_does_not_change_the_store() -> None:
    database = InMemoryDatabase([KnownUser(email="ada@example.com", profile={"app_metadata": {"plan": "full"}})])
    found = database.get_user("ada@example.com")
    assert isinstance(found, Found)

    cast("dict[str, str]", found.profile["app_metadata"])["plan"] = "free"

    assert database.get_user("ada@example.com") != found


@pytest.mark.parametrize("password", ["", "correct horse"])
def test_no_user_logs_in_without_the_password(password: str) -> None:
    ada, bob = KnownUser(email="ada@example.com"), KnownUser(email="bob@example.com", password="builder of things")
    database = InMemoryDatabase([ada, bob])

    for identifier in ("ada@example.com", "bob@example.com", "nobody@example.com"):
        refused = database.login(identifier, password)
        assert isinstance(refused, Failed)
        assert isinstance(refused.error, WrongUsernameOrPasswordError)


def test_a_database_lists_its_users() -> None:
    assert repr(InMemoryDatabase([KnownUser(email="ada@example.com")])) == "InMemoryDatabase of ada@example.com"
    assert repr(InMemoryDatabase()) == "InMemoryDatabase of nobody"


def test_an_unreachable_store_fails() -> None:
    refused = InMemoryDatabase([KnownUser(email="ada@example.com")], is_down=True).get_user("ada@example.com")

    assert isinstance(refused, Failed)
    assert isinstance(refused.error, ScriptError)
    assert str(refused.error) == "The user store cannot be reached"


# Shrinking

_SMALLEST_PROFILE = {
    "user_id": "1",
    "email": "a@example.com",
    "email_verified": False,
    "name": "0",
    "nickname": "0",
    "picture": "https://example.com/0.png",
}


@pytest.mark.parametrize(
    ("strategy", "smallest"),
    [
        (strategies.emails(), "a@example.com"),
        (strategies.emails(domains=["shop.test"], upper_case=True, international=True), "a@shop.test"),
        (strategies.usernames(), "a"),
        (strategies.phone_numbers(), "+1"),
        (strategies.passwords(), "00000000"),
        (strategies.user_ids(), "1"),
        (strategies.metadata(), {}),
        (strategies.mfa_factors(), [{"totp": {"secret": "2"}}]),
        (strategies.profiles(), _SMALLEST_PROFILE),
        (strategies.profiles(requires_username=True), _SMALLEST_PROFILE | {"username": "a"}),
        (
            strategies.flawed_profiles("missing-email-verified"),
            {name: value for name, value in _SMALLEST_PROFILE.items() if name != "email_verified"},
        ),
        (strategies.flawed_profiles("mutable-user-id"), _SMALLEST_PROFILE | {"user_id": "a@example.com"}),
        (strategies.hostile_identifiers(), "' OR '1'='1"),
        (strategies.connections(), Connection()),
        (strategies.transcripts(), Transcript()),
        (strategies.awkward_texts(), ""),
        (strategies.recorded_values(), None),
        (strategies.json_values(), None),
    ],
)
def test_a_strategy_shrinks_to_something_short(strategy: st.SearchStrategy[object], smallest: object) -> None:
    assert smallest_of(strategy) == smallest


@pytest.mark.untraced
def test_people_shrink_to_one_plain_person() -> None:
    drawn = smallest_of(strategies.databases())

    assert [(user.email, user.profile, user.disabled) for user in drawn.users] == [
        ("a@example.com", _SMALLEST_PROFILE, False)
    ]
    assert drawn.connection == Connection()


def test_shrinking_keeps_only_the_relevant_parts() -> None:
    dotted = smallest_of(strategies.emails(), lambda email: "." in email.partition("@")[0], examples=1_000)
    reachable = smallest_of(strategies.profiles(), lambda profile: "phone_number" in profile, examples=100)

    assert dotted == "a.0@example.com"
    assert reachable == _SMALLEST_PROFILE | {"phone_number": "+1"}


# Invalid arguments

_DOMAINS = "must be domains such as 'example.com', at least one, of at most 189 characters"
_SITUATIONS = "must be some of 'hostile: sql', 'hostile: nosql', "
_FLAG = "must be True or False"
_OPEN_FLAG = "must be True, False, or None for both"


def _strategy(kind: str) -> str:
    return f"must be a strategy or None, got {kind}"


def _sizes(name: str, least: int, most: int) -> str:
    return f"must be whole numbers with {least} <= min_{name} <= max_{name} <= {most}"


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("emails", {"domains": "example.com"}, f"domains='example.com' {_DOMAINS}"),
        ("emails", {"domains": []}, f"domains=[] {_DOMAINS}"),
        ("emails", {"domains": ["example.com", "localhost"]}, f"domains=['example.com', 'localhost'] {_DOMAINS}"),
        ("emails", {"domains": [7]}, f"domains=[7] {_DOMAINS}"),
        ("emails", {"domains": 7}, f"domains=7 {_DOMAINS}"),
        ("emails", {"upper_case": 1}, f"upper_case=1 {_FLAG}"),
        ("emails", {"international": None}, f"international=None {_FLAG}"),
        ("usernames", {"min_size": 0}, f"min_size=0 and max_size=15 {_sizes('size', 1, 128)}"),
        ("usernames", {"max_size": 129}, f"min_size=1 and max_size=129 {_sizes('size', 1, 128)}"),
        ("usernames", {"min_size": 16}, f"min_size=16 and max_size=15 {_sizes('size', 1, 128)}"),
        ("usernames", {"min_size": True}, f"min_size=True and max_size=15 {_sizes('size', 1, 128)}"),
        ("usernames", {"upper_case": "no"}, f"upper_case='no' {_FLAG}"),
        ("passwords", {"min_size": 0}, f"min_size=0 and max_size=72 {_sizes('size', 1, 1000)}"),
        ("passwords", {"max_size": "9"}, f"min_size=8 and max_size='9' {_sizes('size', 1, 1000)}"),
        ("passwords", {"international": 1}, f"international=1 {_FLAG}"),
        ("metadata", {"names": "plan"}, f"names='plan' {_strategy('str')}"),
        ("metadata", {"values": 7}, f"values=7 {_strategy('int')}"),
        ("profiles", {"import_mode": None}, f"import_mode=None {_FLAG}"),
        ("profiles", {"requires_username": 1}, f"requires_username=1 {_FLAG}"),
        ("profiles", {"user_ids": "7"}, f"user_ids='7' {_strategy('str')}"),
        ("profiles", {"emails": "7"}, f"emails='7' {_strategy('str')}"),
        ("profiles", {"usernames": "7"}, f"usernames='7' {_strategy('str')}"),
        ("profiles", {"user_metadata": {}}, f"user_metadata={{}} {_strategy('dict')}"),
        ("profiles", {"app_metadata": {}}, f"app_metadata={{}} {_strategy('dict')}"),
        ("hostile_identifiers", {"victims": "ada"}, f"victims='ada' {_strategy('str')}"),
        ("hostile_identifiers", {"situations": []}, f"situations=[] {_SITUATIONS}"),
        ("hostile_identifiers", {"situations": "hostile: sql"}, f"situations='hostile: sql' {_SITUATIONS}"),
        ("hostile_identifiers", {"situations": ["outage"]}, f"situations=['outage'] {_SITUATIONS}"),
        ("hostile_identifiers", {"situations": [[]]}, f"situations=[[]] {_SITUATIONS}"),
        ("hostile_identifiers", {"situations": 7}, f"situations=7 {_SITUATIONS}"),
        ("connections", {"import_mode": "on"}, f"import_mode='on' {_OPEN_FLAG}"),
        ("connections", {"requires_username": 1}, f"requires_username=1 {_OPEN_FLAG}"),
        ("connections", {"script_context": 0}, f"script_context=0 {_OPEN_FLAG}"),
        ("connections", {"names": "legacy"}, f"names='legacy' {_strategy('str')}"),
        ("known_users", {"disabled": 0}, f"disabled=0 {_OPEN_FLAG}"),
        ("known_users", {"profiles": {}}, f"profiles={{}} {_strategy('dict')}"),
        ("transcripts", {"connections": 7}, f"connections=7 {_strategy('int')}"),
        ("databases", {"connections": 7}, f"connections=7 {_strategy('int')}"),
        ("databases", {"min_people": 0}, f"min_people=0 and max_people=3 {_sizes('people', 1, 20)}"),
        ("databases", {"max_people": 21}, f"min_people=1 and max_people=21 {_sizes('people', 1, 20)}"),
    ],
)
def test_a_nonsensical_argument_is_an_error(name: str, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        getattr(strategies, name)(**arguments)

    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("missing-id", "rule='missing-id' cannot be broken by a single profile; choose one of missing-user-id, "),
        (
            "shared-email",
            "rule='shared-email' cannot be broken by a single profile: it compares the profiles of two users; choose ",
        ),
    ],
)
def test_a_rule_without_a_flaw_is_an_error_with_the_reason(rule: str, message: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        strategies.flawed_profiles(rule)

    assert str(raised.value).startswith(message)


def test_profiles_that_are_no_strategy_get_no_flaw() -> None:
    with pytest.raises(InvalidArgument, match="profiles=7 must be a strategy or None, got int"):
        strategies.flawed_profiles("invalid-name", profiles=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # that is what is told


# The module itself


def test_every_public_name_of_testing_can_be_had_and_is_imported_for_type_checkers() -> None:
    tree = ast.parse(Path(customdb_contract.testing.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }

    assert set(customdb_contract.testing.__all__) == imported
    for name in customdb_contract.testing.__all__:
        assert getattr(customdb_contract.testing, name) is not None
        assert name in dir(customdb_contract.testing)


def test_another_name_of_testing_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"'customdb_contract\.testing' has no attribute 'strategy'"):
        getattr(customdb_contract.testing, "strategy")  # noqa: B009 - a type checker would refuse the plain form


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("import customdb_contract, customdb_contract.testing", "False"),
        ("import customdb_contract.testing; customdb_contract.testing.strategies", "True"),
    ],
)
def test_hypothesis_is_imported_only_for_drawing(program: str, expected: str) -> None:
    program = f"{program}; import sys; print('hypothesis' in sys.modules)"

    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        == f"{expected}\n"
    )


@pytest.mark.parametrize("kind", [ApiCall, LegacyRequest])
def test_transcripts_have_what_actions_did(kind: type[ApiCall | LegacyRequest]) -> None:
    def has_one(kinds: Sequence[type]) -> bool:
        return kind in kinds

    chosen = settings(max_examples=5_000, database=None, phases=[Phase.generate])
    assert has_one(find(_records.KINDS, has_one, settings=chosen))


@pytest.mark.parametrize("kind", [Exchange, Operation, StoreWrite, LogEntry, ActionRun, ApiCall, LegacyRequest])
@settings(max_examples=3)
@given(data=st.data())
def test_a_record_has_the_requested_kind(kind: type[Record], data: st.DataObject) -> None:
    [drawn] = data.draw(_records.records([kind], Header()))

    assert isinstance(drawn, kind)
    assert drawn.number == 1


@settings(max_examples=25)
@given(drawn=_records.records([Operation, ActionRun, ActionRun, StoreWrite, LogEntry, ApiCall, Exchange], Header()))
def test_the_cause_of_a_record_precedes_it(drawn: Sequence[Record]) -> None:
    caused = [(record.number, record.caused_by) for record in drawn if not isinstance(record, Operation)]
    following = [(run.number, run.follows) for run in drawn if isinstance(run, ActionRun)]

    for number, cause in (*caused, *following):
        assert cause is None or cause < number
        assert cause is None or isinstance(drawn[cause - 1], Operation | ActionRun)


@pytest.mark.parametrize("kind", [ApiCall, LegacyRequest])
@settings(max_examples=5)
@given(data=st.data())
def test_calls_of_an_action_belong_to_a_run(kind: type[ApiCall | LegacyRequest], data: st.DataObject) -> None:
    _, done = data.draw(_records.records([ActionRun, kind], Header()))

    assert isinstance(done, kind)
    assert done.caused_by in {None, 1}


@pytest.mark.parametrize(
    "make",
    [_values.awkward_texts, _values.mappings, _values.profiles, _values.recorded_errors, _values.recorded_values],
    ids=lambda make: make.__name__,
)
def test_a_strategy_is_made_once(make: Any) -> None:
    make.cache_clear()

    assert make() is make()


def test_a_strategy_of_outcomes_is_made_once_for_each_script() -> None:
    _calls._outcomes.cache_clear()
    made = [_calls._outcomes(script) for script in Script]

    assert made == [_calls._outcomes(script) for script in Script]
    assert len({id(strategy) for strategy in made}) == len(Script)
