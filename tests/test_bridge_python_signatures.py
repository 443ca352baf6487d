"""The signature of a script decides how it is called."""

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from customdb_contract.contract import Callback, Done, Found, NotFound, Script
from customdb_contract.transcript import Ending, Outcome, ScriptInfo
from opened_database import open_database

ADA = {"user_id": "7"}


def _login(login: Callable[..., object], *, script_context: bool = False) -> tuple[ScriptInfo, Outcome]:
    with open_database(SimpleNamespace(login=login), script_context=script_context) as bridge:
        return bridge.scripts[Script.LOGIN], bridge.call(Script.LOGIN, ("ada", "secret"))


def _calls(*arguments: object) -> None:
    callback: Any = arguments[-1]
    callback(None, {"arguments": list(arguments[:-1])})


class Bound:
    def method(self, identifier: str, password: str, callback: Callback) -> None:
        _calls(identifier, password, callback)

    def __call__(self, identifier: str, password: str, callback: Callback) -> None:
        _calls(identifier, password, callback)

    @classmethod
    def of_class(cls, identifier: str, password: str, callback: Callback) -> None:
        _calls(identifier, password, callback)


def _plain(identifier: str, password: str, callback: Callback) -> None:
    _calls(identifier, password, callback)


def _with_store(identifier: str, password: str, store: str, callback: Callback) -> None:
    _calls(identifier, password, callback)


@functools.wraps(_plain)
def _wrapped(*arguments: Any) -> None:
    _calls(*arguments)


def _with_options(identifier: str, password: str, /, callback: Callback, *, limit: int = 3, **options: object) -> None:
    _calls(identifier, password, callback)


def _variadic(*arguments: object, callback: Callback) -> None:
    _calls(*arguments, callback)


_AS_LAMBDA: Callable[[str, str, Callback], object] = lambda identifier, password, callback: callback(  # noqa: E731 - a form that databases have
    None, {"arguments": [identifier, password]}
)

CALLBACK_STYLE: list[tuple[Callable[..., object], str]] = [
    (_plain, "(identifier, password, callback)"),
    (Bound().method, "(identifier, password, callback)"),
    (Bound(), "(identifier, password, callback)"),
    (Bound.of_class, "(identifier, password, callback)"),
    (_AS_LAMBDA, "(identifier, password, callback)"),
    (functools.partial(_with_store, store="shop"), "(identifier, password, *, store=…, callback)"),
    (_wrapped, "(identifier, password, callback)"),
    (_with_options, "(identifier, password, callback, *, limit=…, **options)"),
    (_variadic, "(*arguments, callback)"),
]


@pytest.mark.parametrize(("login", "signature"), CALLBACK_STYLE, ids=range(len(CALLBACK_STYLE)))
def test_a_last_parameter_named_callback_receives_a_callback(login: Callable[..., object], signature: str) -> None:
    info, outcome = _login(login)

    assert outcome.result == {"arguments": ["ada", "secret"]}
    assert (info.signature, info.problem) == (signature, None)
    assert info.location is not None
    assert info.location.startswith("tests/test_bridge_python_signatures.py:")


def _returning_context(identifier: str, password: str, context: object) -> object:
    return Found({"context": context})


def _calling_context(identifier: str, password: str, context: object, callback: Callback) -> None:
    callback(None, {"context": context})


def _stored_context(identifier: str, password: str, store: str, context: object, callback: Callback) -> None:
    callback(None, {"context": context})


@pytest.mark.parametrize(
    "login", [_returning_context, _calling_context, functools.partial(_stored_context, store="shop")]
)
def test_the_context_precedes_the_callback_or_is_last_without_one(login: Callable[..., object]) -> None:
    info, outcome = _login(login, script_context=True)

    assert outcome.result == {"context": {}}
    assert info.problem is None


def _change_email(email: str, new_email: str, verified: bool) -> Done:
    return Done()


def _change_email_calling(email: str, new_email: str, verified: bool, callback: Callback) -> None:
    callback(None, True)


def _change_email_with_context(email: str, new_email: str, verified: bool, context: object) -> Done:
    assert context == {}
    return Done()


def _change_email_calling_with_context(
    email: str, new_email: str, verified: bool, context: object, callback: Callback
) -> None:
    callback(None, context == {})


@pytest.mark.parametrize(
    "change_email",
    [_change_email, _change_email_calling, _change_email_with_context, _change_email_calling_with_context],
)
def test_change_email_gets_the_context_only_if_it_accepts_it(change_email: Callable[..., object]) -> None:
    with open_database(SimpleNamespace(change_email=change_email), script_context=True) as bridge:
        outcome = bridge.call(Script.CHANGE_EMAIL, ("a@example.com", "b@example.com", True))

        assert bridge.scripts[Script.CHANGE_EMAIL].problem is None
        assert outcome.ending is Ending.DONE


CALLED = "is called as login(identifier, password) or login(identifier, password, callback)"
CALLED_WITH_CONTEXT = (
    "is called as login(identifier, password, context) or login(identifier, password, context, callback)"
)


def _one(identifier: str) -> object:
    return NotFound()


def _two(identifier: str, password: str) -> object:
    return NotFound()


def _three(identifier: str, password: str, done: Callback) -> object:
    return NotFound()


PROBLEMS: list[tuple[Callable[..., object], bool, str]] = [
    (_one, False, f"login takes (identifier) but {CALLED}"),
    (_one, True, f"login takes (identifier) but {CALLED_WITH_CONTEXT}"),
    (_three, False, f"login takes (identifier, password, done) but {CALLED}"),
    (
        _returning_context,
        False,
        (
            f"login takes (identifier, password, context) but {CALLED}: "
            "the connection has script_context off; turn it on, or remove the parameter context"
        ),
    ),
    (
        _calling_context,
        False,
        (
            f"login takes (identifier, password, context, callback) but {CALLED}: "
            "the connection has script_context off; turn it on, or remove the parameter context"
        ),
    ),
    (
        _two,
        True,
        (
            f"login takes (identifier, password) but {CALLED_WITH_CONTEXT}: "
            "the connection has script_context on, so add the parameter context"
        ),
    ),
    (
        _plain,
        True,
        (
            f"login takes (identifier, password, callback) but {CALLED_WITH_CONTEXT}: "
            "the connection has script_context on, so add the parameter context"
        ),
    ),
]


@pytest.mark.parametrize(("login", "script_context", "problem"), PROBLEMS, ids=range(len(PROBLEMS)))
def test_a_signature_that_fits_neither_style_is_a_problem_and_raises(
    login: Callable[..., object], *, script_context: bool, problem: str
) -> None:
    info, outcome = _login(login, script_context=script_context)

    assert info.problem == problem
    assert outcome.ending is Ending.RAISED
    assert outcome.raised is not None
    assert outcome.raised.name == "TypeError"


def test_a_function_without_a_signature_is_expected_to_return_its_result() -> None:
    # The built-in iter() has no signature.
    info, outcome = _login(iter)

    assert info == ScriptInfo()
    assert outcome.ending is Ending.RAISED


def test_a_function_that_is_not_written_in_python_has_no_location() -> None:
    info, outcome = _login(functools.partial(divmod))

    assert info.location is None
    assert outcome.raised is not None
    assert outcome.raised.location is None


def test_a_script_of_a_library_has_no_location() -> None:
    info, _ = _login(functools.reduce)
    assert info.location is None
    info, _ = _login(functools.lru_cache(functools.wraps))
    assert info.location is None
