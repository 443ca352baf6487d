"""Results convert to the callback's arguments and back without loss; errors have the members of Auth0's errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.contract import (
    Declined,
    Done,
    Failed,
    Found,
    NotFound,
    OperationResult,
    ProfileResult,
    Script,
    ScriptError,
    UnauthorizedError,
    ValidationError,
    WrongUsernameOrPasswordError,
    callback_arguments,
    result_from_callback,
)

READING = (Script.LOGIN, Script.GET_USER)
DONE_WITH_NULL = (Script.CREATE, Script.DELETE)
DONE_WITH_TRUE = (Script.VERIFY, Script.CHANGE_PASSWORD, Script.CHANGE_EMAIL)


@st.composite
def endings(draw: st.DrawFn) -> tuple[Script, ProfileResult | OperationResult]:
    """Draw any script with any result that it may end with."""
    script = draw(st.sampled_from(Script))
    failed = st.builds(Failed, st.builds(ScriptError, st.text()) | st.text() | st.integers() | st.just({"a": 1}))
    profiles = st.builds(Found, st.dictionaries(st.text(), st.text() | st.none(), max_size=3))
    options: st.SearchStrategy[ProfileResult | OperationResult]
    if script in READING:
        options = st.one_of(failed, profiles, st.just(NotFound()))
    elif script in DONE_WITH_NULL:
        options = st.one_of(failed, st.just(Done()))
    elif script is Script.CHANGE_PASSWORD:
        resets, verified = st.none() | st.text(), st.none() | st.booleans()
        objects = st.builds(Done, last_password_reset=resets, email_verified=verified)
        options = st.one_of(failed, st.just(Done()), st.just(Declined()), objects)
    else:
        options = st.one_of(failed, st.just(Done()), st.just(Declined()))
    return script, draw(options)


@given(endings())
def test_results_convert_to_callback_arguments_and_back(ending: tuple[Script, ProfileResult | OperationResult]) -> None:
    script, result = ending

    assert result_from_callback(script, callback_arguments(script, result)) == result


@pytest.mark.parametrize(
    ("script", "result", "arguments"),
    [
        (Script.LOGIN, Found({"user_id": "7"}), (None, {"user_id": "7"})),
        (Script.GET_USER, NotFound(), (None,)),
        (Script.CREATE, Done(), (None,)),
        (Script.DELETE, Done(), (None,)),
        (Script.VERIFY, Done(), (None, True)),
        (Script.CHANGE_EMAIL, Declined(), (None, False)),
        (Script.CHANGE_PASSWORD, Done(), (None, True)),
        (
            Script.CHANGE_PASSWORD,
            Done(last_password_reset="2026-08-01T00:00:00Z"),
            (None, {"last_password_reset": "2026-08-01T00:00:00Z"}),
        ),
        (Script.CHANGE_PASSWORD, Done(email_verified=False), (None, {"email_verified": False})),
        (Script.LOGIN, Failed("no"), ("no",)),
    ],
)
def test_callback_arguments_of_a_javascript_script(
    script: Script, result: ProfileResult | OperationResult, arguments: tuple[object, ...]
) -> None:
    assert callback_arguments(script, result) == arguments


@pytest.mark.parametrize(
    ("script", "result", "said"),
    [
        (Script.LOGIN, Done(), "login cannot end with Done; return Found(profile), NotFound() or Failed(error)"),
        (
            Script.GET_USER,
            Declined(),
            "get_user cannot end with Declined; return Found(profile), NotFound() or Failed(error)",
        ),
        (
            Script.CREATE,
            Declined(),
            "create cannot end with Declined; return Done() or Failed(error); with passkeys Found(profile)",
        ),
        (
            Script.CREATE,
            Done(email_verified=True),
            "create cannot end with Done; return Done() or Failed(error); with passkeys Found(profile)",
        ),
        (Script.DELETE, Found({}), "delete cannot end with Found; return Done() or Failed(error)"),
        (Script.VERIFY, NotFound(), "verify cannot end with NotFound; return Done(), Declined() or Failed(error)"),
        (
            Script.CHANGE_EMAIL,
            Done(last_password_reset="2026-08-01"),
            "change_email cannot end with Done; return Done(), Declined() or Failed(error)",
        ),
    ],
)
def test_other_results_are_refused(script: Script, result: ProfileResult | OperationResult, said: str) -> None:
    with pytest.raises(TypeError) as caught:
        callback_arguments(script, result)

    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("script", "arguments", "result"),
    [
        (Script.GET_USER, (), NotFound()),
        (Script.CREATE, (), Done()),
        (Script.VERIFY, (), None),
        (Script.LOGIN, (None, {"user_id": "7"}, "more"), Found({"user_id": "7"})),
        (Script.LOGIN, ("no", {"user_id": "7"}), Failed("no")),
        (Script.LOGIN, (0,), Failed(0)),
        (Script.LOGIN, (False, {"user_id": "7"}), Failed(False)),
        (Script.LOGIN, (None, ["7"]), None),
        (Script.LOGIN, (None, True), None),
        (Script.GET_USER, (None, "7"), None),
        (Script.CREATE, (None, {"user_id": "7"}), Found({"user_id": "7"})),
        (Script.CREATE, (None, {"id": "7"}), Found({"id": "7"})),
        (Script.CREATE, (None, {"email": "ada@example.com"}), None),
        (Script.CREATE, (None, True), None),
        (Script.VERIFY, (None, 1), None),
        (Script.VERIFY, (None, 0), None),
        (Script.VERIFY, (None, {"email_verified": True}), None),
        (Script.CHANGE_PASSWORD, (None, dict[str, object]()), None),
        (Script.CHANGE_PASSWORD, (None, {"email_verified": True}), Done(email_verified=True)),
        (Script.CHANGE_PASSWORD, (None, {"email_verified": 1}), None),
        (Script.CHANGE_PASSWORD, (None, {"last_password_reset": 7}), None),
        (Script.CHANGE_PASSWORD, (None, {"email_verified": True, "more": 1}), None),
        (Script.CHANGE_PASSWORD, (None, "yes"), None),
    ],
)
def test_the_meaning_of_a_callback(
    script: Script, arguments: tuple[object, ...], result: ProfileResult | OperationResult | None
) -> None:
    assert repr(result_from_callback(script, arguments)) == repr(result)


@pytest.mark.parametrize(
    ("script", "names"),
    [
        (Script.LOGIN, ("identifier", "password")),
        (Script.GET_USER, ("identifier",)),
        (Script.CREATE, ("user",)),
        (Script.VERIFY, ("email",)),
        (Script.CHANGE_PASSWORD, ("email", "new_password")),
        (Script.CHANGE_EMAIL, ("email", "new_email", "verified")),
        (Script.DELETE, ("id",)),
    ],
)
def test_the_arguments_of_a_script(script: Script, names: tuple[str, ...]) -> None:
    assert script.argument_names == names


def test_errors_carry_what_auth0s_carry() -> None:
    wrong = WrongUsernameOrPasswordError("ada@example.com", "no")
    unknown = WrongUsernameOrPasswordError(None)
    exists = ValidationError("user_exists", "there")

    assert (wrong.identifier, wrong.message, str(wrong)) == ("ada@example.com", "no", "no")
    assert (unknown.identifier, unknown.message) == (None, "Wrong username or password")
    assert (exists.code, exists.message, str(exists)) == ("user_exists", "there", "there")
    assert (UnauthorizedError("no").message, ScriptError().message) == ("no", "")


@pytest.mark.parametrize("error", [WrongUsernameOrPasswordError("a"), ValidationError("a"), UnauthorizedError("a")])
def test_a_script_may_raise_every_error(error: ScriptError) -> None:
    with pytest.raises(ScriptError) as caught:
        raise error

    assert caught.value is error
