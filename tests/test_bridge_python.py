"""The outcome has what a script returned, raised or passed to its callback."""

import asyncio
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, TypeAlias

import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.bridges.python import PythonDatabase
from customdb_contract.contract import (
    Callback,
    Declined,
    Done,
    Failed,
    Found,
    NotFound,
    Script,
    ScriptError,
    ValidationError,
    WrongUsernameOrPasswordError,
    callback_arguments,
)
from customdb_contract.transcript import (
    UNKNOWN,
    Ending,
    Escape,
    Exchange,
    Noticed,
    Outcome,
    RecordedError,
    Situation,
    Special,
    Transcript,
    record,
)
from opened_database import PASSWORD, open_database, secrets

ADA = {"user_id": "7", "email": "ada@example.com"}


@define
class Answering:
    """A database whose scripts return the given result, in four styles."""

    act: Callable[[], object]

    def login(self, identifier: str, password: str) -> object:
        return self.act()

    async def get_user(self, identifier: str) -> object:
        return self.act()

    def verify(self, email: str) -> object:
        return self.act()

    def delete(self, id: str) -> object:  # noqa: A002 - Auth0's name
        return self.act()

    def change_password(self, email: str, new_password: str) -> object:
        return self.act()


GetUser: TypeAlias = Callable[[str], object] | Callable[[str, Callable[..., object]], object]


def _call(script: GetUser) -> Outcome:
    with open_database(SimpleNamespace(get_user=script)) as bridge:
        return bridge.call(Script.GET_USER, ("ada@example.com",))


@pytest.fixture(scope="module")
def answering() -> Answering:
    return Answering(NotFound)


@pytest.fixture(scope="module")
def bridge(answering: Answering) -> Iterator[PythonDatabase]:
    with open_database(answering) as opened:
        yield opened


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner),
    max_leaves=10,
)
TEXT_PROFILES = st.dictionaries(st.text(), VALUES)


@pytest.mark.untraced
@given(profile=TEXT_PROFILES, script=st.sampled_from([Script.LOGIN, Script.GET_USER]))
def test_a_returned_profile_is_recorded_unchanged(
    bridge: PythonDatabase, answering: Answering, profile: dict[str, object], script: Script
) -> None:
    answering.act = lambda: Found(profile)

    outcome = bridge.call(script, ("ada@example.com", "x")[: len(script.argument_names)])

    assert outcome.ending is Ending.FOUND
    assert repr(outcome.callbacks) == repr(((None, record(profile, secrets().mask)),))
    assert outcome.raised is None


RESULTS = (
    st.builds(NotFound)
    | st.builds(Found, TEXT_PROFILES)
    | st.builds(Failed, st.builds(ScriptError, st.text()) | SCALARS.filter(lambda value: value is not None))
    | st.builds(Done)
    | st.builds(Declined)
    | st.builds(Done, email_verified=st.booleans(), last_password_reset=st.none() | st.text())
)


@given(
    result=RESULTS,
    script=st.sampled_from([Script.LOGIN, Script.GET_USER, Script.VERIFY, Script.CHANGE_PASSWORD, Script.DELETE]),
)
def test_a_result_is_one_of_the_contract_or_invalid(
    bridge: PythonDatabase, answering: Answering, result: Any, script: Script
) -> None:
    answering.act = lambda: result
    try:
        expected = tuple(record(value, secrets().mask) for value in callback_arguments(script, result))
    except TypeError as error:
        hint = str(error).partition("; ")[2]
        expected = (None, Special("not-a-result", f"{type(result).__name__}: {hint}"))

    outcome = bridge.call(script, ("ada@example.com", "x")[: len(script.argument_names)])

    assert repr(outcome.callbacks) == repr((expected,))
    assert (outcome.ending is Ending.INVALID) == (isinstance(expected[-1], Special) and expected[0] is None)


@given(value=VALUES, script=st.sampled_from([Script.LOGIN, Script.GET_USER]))
def test_anything_but_a_result_is_invalid_and_can_be_written_and_read_again(
    bridge: PythonDatabase, answering: Answering, value: object, script: Script
) -> None:
    answering.act = lambda: value

    outcome = bridge.call(script, ("ada@example.com", "x")[: len(script.argument_names)])

    name = "None" if value is None else type(value).__name__
    hint = "return Found(profile), NotFound() or Failed(error)"
    assert outcome.callbacks == ((None, Special("not-a-result", f"{name}: {hint}")),)
    assert outcome.ending is Ending.INVALID
    assert outcome.raised is None
    exchange = Exchange(1, script, ("x", "y")[: len(script.argument_names)], UNKNOWN, Situation.UNKNOWN_USER, outcome)
    assert Transcript.parse(str(Transcript(records=(exchange,)))).exchanges[0].outcome.callbacks == outcome.callbacks


@pytest.mark.parametrize("result", [Found(None), Failed(None)])  # type: ignore[arg-type]  # the mistake it is about
def test_a_result_around_none_does_not_read_as_no_such_user(result: object) -> None:
    outcome = _call(lambda identifier: result)

    assert outcome.ending is Ending.INVALID
    assert outcome.result == Special("not-a-result", f"{type(result).__name__}(None)")


def test_a_profile_that_is_no_mapping_is_invalid_and_kept() -> None:
    outcome = _call(lambda identifier: Found(["ada"]))  # type: ignore[arg-type]  # the mistake it is about

    assert outcome == Outcome(Ending.INVALID, ((None, ["ada"]),), duration=outcome.duration)


@pytest.mark.parametrize(
    ("error", "recorded"),
    [
        (ScriptError("store down"), RecordedError("ScriptError", "store down")),
        (
            WrongUsernameOrPasswordError("ada"),
            RecordedError("WrongUsernameOrPasswordError", "Wrong username or password", ("ada",)),
        ),
        (ValidationError("user_exists"), RecordedError("ValidationError", "", ("user_exists",))),
    ],
)
def test_raising_an_error_of_the_contract_equals_calling_back_with_it(
    error: ScriptError, recorded: RecordedError
) -> None:
    def returning(identifier: str) -> object:
        raise error

    async def later(identifier: str) -> object:
        raise error

    def calling(identifier: str, callback: Callback) -> object:
        raise error

    scripts: tuple[GetUser, ...] = (returning, later, calling)
    for script in scripts:
        outcome = _call(script)

        assert outcome.ending is Ending.FAILED
        assert isinstance(outcome.error, RecordedError)
        assert (outcome.error.name, outcome.error.message, outcome.error.arguments) == (
            recorded.name,
            recorded.message,
            recorded.arguments,
        )
        assert outcome.error.location is not None
        assert outcome.error.location.startswith("tests/test_bridge_python.py:")
        assert outcome.raised is None


@pytest.mark.parametrize(
    "error",
    [
        KeyError("email"),
        SystemExit(3),
        KeyboardInterrupt(),
        GeneratorExit(),
        asyncio.CancelledError(),
        StopIteration(1),
    ],
)
def test_any_other_exception_is_raised(error: BaseException) -> None:
    def returning(identifier: str) -> object:
        raise error

    def calling(identifier: str, callback: Callback) -> object:
        raise error

    async def calling_later(identifier: str, callback: Callback) -> object:
        await asyncio.sleep(0)
        raise error

    scripts: tuple[GetUser, ...] = (returning, calling)
    for script in scripts:
        outcome = _call(script)
        assert outcome.ending is Ending.RAISED
        assert outcome.callbacks == ()
        assert outcome.raised is not None
        assert outcome.raised.name == type(error).__name__
        assert outcome.escape is Escape.THROWN
    assert _call(calling_later).ending is Ending.RAISED


def test_an_awaitable_returned_by_a_sync_script_is_awaited() -> None:
    class Lookup:
        def __await__(self) -> Generator[Any, Any, object]:
            yield from asyncio.sleep(0).__await__()
            return Found(ADA)

    async def lookup() -> object:
        return Found(ADA)

    assert _call(lambda identifier: Lookup()).result == ADA
    assert _call(lambda identifier: lookup()).result == ADA


def test_an_awaitable_that_misbehaves_is_raised() -> None:
    class Strange:
        def __await__(self) -> Generator[Any, Any, object]:
            yield "something that no loop knows"
            return None

    outcome = _call(lambda identifier: Strange())

    assert outcome.raised is not None
    assert outcome.raised.name == "RuntimeError"


def test_a_generator_is_no_result() -> None:
    def generates(identifier: str) -> Iterator[object]:
        yield Found(ADA)

    async def generates_later(identifier: str) -> Any:
        yield Found(ADA)

    for script in (generates, generates_later):
        assert _call(script).ending is Ending.INVALID


def test_a_result_with_a_lying_class_is_invalid() -> None:
    liar = type("Liar", (), {"__class__": Found})()

    outcome = _call(lambda identifier: liar)

    assert outcome.ending is Ending.INVALID


def test_a_sync_script_may_run_a_loop_of_its_own() -> None:
    async def find() -> Found:
        await asyncio.sleep(0)
        return Found(ADA)

    assert _call(lambda identifier: asyncio.run(find())).result == ADA


def test_the_bridge_works_inside_a_running_loop() -> None:
    async def use() -> Outcome:
        return _call(lambda identifier: Found(ADA))

    assert asyncio.run(use()).ending is Ending.FOUND


def test_async_scripts_share_one_loop() -> None:
    class Database:
        def __init__(self) -> None:
            self.loops: list[asyncio.AbstractEventLoop] = []

        async def get_user(self, identifier: str) -> object:
            self.loops.append(asyncio.get_running_loop())
            return NotFound()

    database = Database()
    with open_database(database) as bridge:
        for _ in range(2):
            assert bridge.call(Script.GET_USER, ("ada",)).ending is Ending.NOT_FOUND

    assert database.loops[0] is database.loops[1]
    assert database.loops[0].is_closed()


CALLBACKS: list[tuple[tuple[object, ...], Ending]] = [
    ((), Ending.NOT_FOUND),
    ((None,), Ending.NOT_FOUND),
    ((None, ADA), Ending.FOUND),
    ((None, "ada"), Ending.INVALID),
    (("store down",), Ending.FAILED),
    ((ScriptError("store down"), ADA), Ending.FAILED),
]


@pytest.mark.parametrize(("arguments", "ending"), CALLBACKS)
def test_a_callback_is_recorded_with_its_arguments(arguments: tuple[object, ...], ending: Ending) -> None:
    def get_user(identifier: str, callback: Callable[..., object]) -> object:
        return callback(*arguments)

    async def get_user_later(identifier: str, callback: Callable[..., object]) -> None:
        await asyncio.sleep(0)
        callback(*arguments)

    for script in (get_user, get_user_later):
        outcome = _call(script)
        assert outcome.ending is ending
        assert outcome.callbacks == (tuple(record(value, secrets().mask) for value in arguments),)


def test_the_callback_returns_nothing_that_is_a_result() -> None:
    returned: list[object] = []

    _call(lambda identifier, callback: returned.append(callback(None)))

    assert returned == [None]


def test_the_first_callback_decides_and_every_one_is_recorded() -> None:
    def get_user(identifier: str, callback: Callback) -> None:
        callback(None, ADA)
        callback(None)
        asyncio.get_running_loop().call_soon(callback, "too late")

    outcome = _call(get_user)

    assert outcome.ending is Ending.FOUND
    assert outcome.callbacks == ((None, ADA), (None,), ("too late",))


@pytest.mark.parametrize("error", [KeyError("email"), ScriptError("email")])
def test_raising_after_the_callback_is_seen(error: Exception) -> None:
    def get_user(identifier: str, callback: Callback) -> None:
        callback(None, ADA)
        raise error

    outcome = _call(get_user)

    assert outcome.ending is Ending.FOUND
    assert (len(outcome.callbacks), outcome.raised is None) == (
        (2, True) if isinstance(error, ScriptError) else (1, False)
    )


def test_a_callback_from_a_task_or_another_thread_counts() -> None:
    async def later(callback: Callback) -> None:
        await asyncio.sleep(0.01)
        callback(None, ADA)

    tasks: list[object] = []

    def start_task(identifier: str, callback: Callback) -> None:
        tasks.append(asyncio.get_running_loop().create_task(later(callback)))

    def start_thread(identifier: str, callback: Callback) -> None:
        threading.Timer(0.01, callback, (None, ADA)).start()

    async def in_thread(identifier: str, callback: Callback) -> None:
        await asyncio.to_thread(callback, None, ADA)

    for script in (start_task, start_thread, in_thread):
        assert _call(script).ending is Ending.FOUND


def test_a_callback_style_script_may_return_an_awaitable() -> None:
    async def later(callback: Callback) -> None:
        await asyncio.sleep(0)
        callback(None, ADA)

    assert _call(lambda identifier, callback: later(callback)).ending is Ending.FOUND


def test_secrets_are_masked_wherever_they_come_out() -> None:
    def get_user(identifier: str, callback: Callable[..., object]) -> None:
        callback(f"no {PASSWORD}", {"password": PASSWORD})
        raise ValueError(PASSWORD)

    outcome = _call(get_user)

    assert outcome.callbacks == (("no «password of ada»", {"password": "«password of ada»"}),)
    assert outcome.raised is not None
    assert outcome.raised.message == "«password of ada»"


def test_a_script_that_changes_its_argument_does_not_change_the_callers() -> None:
    def create(user: dict[str, object]) -> object:
        user["profile"]["plan"] = user.pop("email")  # type: ignore[index]  # nested on purpose
        return Done()

    given_user: Mapping[str, Any] = {"email": "ada@example.com", "profile": {}}
    with open_database(SimpleNamespace(create=create)) as bridge:
        assert bridge.call(Script.CREATE, (given_user,)).ending is Ending.DONE

    assert given_user == {"email": "ada@example.com", "profile": {}}


def _change_the_user(user: dict[str, object], context: object) -> object:
    user["password"] = "hashed"
    return Done()


def _change_nothing(identifier: str, password: str, context: object) -> object:
    return NotFound()


def _change_the_context(identifier: str, context: dict[str, object]) -> object:
    context["organization"] = None
    return NotFound()


def test_a_changed_argument_is_noticed() -> None:
    changing = SimpleNamespace(create=_change_the_user, get_user=_change_the_context, login=_change_nothing)
    given = {"email": "ada@example.com", "password": "x"}
    with open_database(changing, script_context=True) as bridge:
        assert bridge.call(Script.CREATE, (given,)).noticed(Noticed.ARGUMENT_CHANGED) == ("user",)
        outcome = bridge.call(Script.GET_USER, ("ada@example.com",), context={"organization": {"id": "org_1"}})
        assert outcome.noticed(Noticed.ARGUMENT_CHANGED) == ("context",)
        assert bridge.call(Script.LOGIN, ("ada@example.com", "x"), context={"a": 1}).observations == ()

    assert given["password"] == "x"


@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        (lambda user: user["address"]["lines"].append("London"), ("user",)),
        (lambda user: user["address"].update(lines=()), ("user",)),
        (lambda user: user.update(address={"lines": ["Oxford St"]}), ()),
        (lambda user: user.update(email=user.pop("email")), ()),
        (lambda user: user.update(mail=user.pop("email")), ("user",)),
        (lambda user: user.clear(), ("user",)),
        (lambda user: user.update(email=str(user["email"].encode(), "ascii")), ()),
    ],
)
def test_a_change_is_noticed_at_any_depth_unless_it_is_undone(
    change: Callable[[dict[str, Any]], object], noticed: tuple[str, ...]
) -> None:
    def create(user: dict[str, Any]) -> object:
        change(user)
        return Done()

    given = {"email": "ada@example.com", "age": 36, "address": {"lines": ["Oxford St"]}}
    with open_database(SimpleNamespace(create=create)) as bridge:
        assert bridge.call(Script.CREATE, (given,)).noticed(Noticed.ARGUMENT_CHANGED) == noticed


def test_only_existing_scripts_are_listed() -> None:
    database = SimpleNamespace(login=Found, get_user=None, helper=Found)
    with open_database(database) as bridge:
        assert list(bridge.scripts) == [Script.LOGIN]


def test_the_location_is_the_scripts_own_line_not_that_of_a_library() -> None:
    def get_user(identifier: str) -> object:
        broken: Any = None
        return [*map(len, [broken])]

    def parses(identifier: str) -> object:
        import json  # noqa: PLC0415 - a library that raises in its own code

        return json.loads("{")

    for script in (get_user, parses):
        raised = _call(script).raised
        assert raised is not None
        assert raised.location is not None
        assert raised.location.startswith("tests/test_bridge_python.py:")


def test_a_location_outside_the_working_directory_is_only_a_name() -> None:
    names: dict[str, Any] = {}
    exec(compile("def get_user(identifier):\n    raise KeyError", "/somewhere/else/shop.py", "exec"), names)

    with open_database(SimpleNamespace(get_user=names["get_user"])) as bridge:
        raised = bridge.call(Script.GET_USER, ("ada",)).raised
        assert bridge.scripts[Script.GET_USER].location == "shop.py:1"

    assert raised == RecordedError("KeyError", "", (), "shop.py:2")


def test_an_error_that_was_never_raised_has_no_location() -> None:
    assert _call(lambda identifier: Failed(ValueError("x"))).error == RecordedError("ValueError", "x")
