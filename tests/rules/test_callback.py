import pytest
from attrs import evolve

from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Severity, Status
from customdb_contract.rules._rule import Rule
from customdb_contract.rules.callback._arguments import argument_mutated
from customdb_contract.rules.callback._calling import (
    callback_called_twice,
    callback_not_called,
    callback_too_late,
    wrong_arity,
)
from customdb_contract.rules.callback._errors import (
    error_not_an_error_object,
    error_without_message,
    result_beside_error,
)
from customdb_contract.rules.callback._raising import (
    throws_synchronously,
    uncaught_async_exception,
    unhandled_rejection,
)
from customdb_contract.rules.outcome._scripts import script_not_implemented
from customdb_contract.transcript import ScriptInfo, Transcript
from rules.judging import findings, verdict

ADA = "person ada email=ada@example.com\n"
FOUND = ADA + 'get_user ada@example.com -> found {"user_id": "7"}\n'


def test_a_second_callback_is_reported_with_both_results() -> None:
    text = ADA + (
        'get_user ada@example.com -> found {"user_id": "7"}; '
        'called again -> failed Error "late"; called again -> not-found\n'
        'login ada@example.com «password of ada» -> found {"user_id": "7"}\n'
    )

    assert findings(callback_called_twice, text) == [
        Finding(
            "get_user called its callback 3 times for one call (found, then failed, then not-found); call it exactly"
            " once, at the end",
            Severity.ERROR,
            Script.GET_USER,
            (1,),
        )
    ]


def test_one_callback_passes_and_no_callback_is_inconclusive() -> None:
    assert verdict(callback_called_twice, FOUND).status is Status.PASSED
    assert verdict(callback_called_twice, ADA + "get_user ada@example.com -> timed-out").status is Status.NOT_APPLICABLE


def test_a_script_that_never_ends_is_reported_with_the_seconds_waited() -> None:
    text = (
        ADA
        + "get_user ada@example.com -> timed-out; after 20.004 s\nget_user ada@example.com -> timed-out; after 20.01 s"
    )

    assert findings(callback_not_called, text) == [
        Finding(
            "get_user neither called its callback nor returned a result within 20 s; "
            "end every branch with a result or with callback(error)",
            Severity.ERROR,
            Script.GET_USER,
            (1, 2),
        )
    ]


def test_a_script_that_hangs_with_its_store_is_advised_to_set_a_timeout() -> None:
    text = ADA + "login ada@example.com «password of ada» -> timed-out   [outage: hang]"

    assert findings(callback_not_called, text) == [
        Finding(
            "login neither called its callback nor returned a result within the time limit while the store was "
            "unreachable; set a timeout for each call to the store, and report it with callback(error)",
            Severity.ERROR,
            Script.LOGIN,
            (1,),
        )
    ]


def test_a_script_that_ends_its_process_has_not_called_its_callback() -> None:
    assert findings(callback_not_called, ADA + "get_user ada@example.com -> died") == [
        Finding(
            "get_user ended its process before it called its callback; "
            "end every branch with a result or with callback(error)",
            Severity.ERROR,
            Script.GET_USER,
            (1,),
        )
    ]


def test_a_timeout_set_by_the_script_passes() -> None:
    text = ADA + 'get_user ada@example.com -> failed Error "the store did not answer"; after 5.0 s   [outage: hang]'

    assert verdict(callback_not_called, text).status is Status.PASSED


def test_a_script_that_raised_is_not_also_blamed_for_its_callback() -> None:
    text = (
        ADA
        + 'get_user ada@example.com -> raised ValueError "no"\nget_user ada@example.com -> raised later KeyError "no"'
    )

    assert verdict(callback_not_called, text).status is Status.NOT_APPLICABLE


def test_an_exception_in_a_thread_explains_the_missing_callback() -> None:
    text = ADA + 'get_user ada@example.com -> timed-out; raised later KeyError "no"; after 20.0 s'

    assert verdict(callback_not_called, text, uncaught_async_exception).reason == "reported by uncaught-async-exception"


def test_a_hang_that_only_hostile_input_causes_is_a_warning() -> None:
    text = "get_user *)(uid=* -> timed-out   [hostile: ldap]"

    [finding] = findings(callback_not_called, text.replace("*)(uid=*", '"*)(uid=*"'))

    assert finding.severity is Severity.WARNING


def test_an_end_after_twenty_seconds_is_an_error() -> None:
    text = ADA + 'get_user ada@example.com -> found {"user_id": "7"}; after 20.0 s'

    assert findings(callback_too_late, text) == [
        Finding(
            "get_user called its callback or returned only after 20 s, and Auth0 stops a script after about 20 s; "
            "set a shorter timeout for the store",
            Severity.ERROR,
            Script.GET_USER,
            (1,),
        )
    ]


def test_an_end_after_ten_seconds_is_a_warning() -> None:
    text = ADA + 'get_user ada@example.com -> found {"user_id": "7"}; after 10.0 s'

    assert findings(callback_too_late, text) == [
        Finding(
            "get_user called its callback or returned only after 10 s, and Auth0 stops a script after about 20 s; "
            "stay below 10 s",
            Severity.WARNING,
            Script.GET_USER,
            (1,),
        )
    ]


def test_an_end_after_the_limit_of_the_check_is_a_warning() -> None:
    text = ADA + "get_user ada@example.com -> timed-out; called again -> not-found; after 2.0 s"

    assert findings(callback_too_late, text) == [
        Finding(
            "get_user called its callback only after the time limit of this check; "
            "make it faster, or set a longer timeout of at most 20 s",
            Severity.WARNING,
            Script.GET_USER,
            (1,),
        )
    ]


def test_an_end_just_below_ten_seconds_passes_and_no_end_at_all_is_not_late() -> None:
    text = ADA + 'get_user ada@example.com -> found {"user_id": "7"}; after 9.9 s'

    assert verdict(callback_too_late, text).status is Status.PASSED
    assert verdict(callback_too_late, ADA + "get_user ada@example.com -> timed-out; after 30.0 s").findings == ()


def test_an_escaped_exception_is_found_by_its_class() -> None:
    text = ADA + (
        'get_user ada@example.com -> raised KeyError "email"\n'
        'get_user ada@example.com -> raised KeyError "name"   [repeated]\n'
        'get_user ada@example.com -> found {"user_id": "7"}; raised ValueError "after"   [repeated]\n'
        'login ada@example.com «password of ada» -> raised OSError "refused"   [outage: refuse]'
    )

    assert findings(throws_synchronously, text) == [
        Finding(
            "get_user raised KeyError; catch it, and report it as ScriptError or with callback(error)",
            Severity.ERROR,
            Script.GET_USER,
            (1, 2),
        ),
        Finding(
            "get_user raised ValueError after it had called its callback; "
            "catch it, and report it as ScriptError or with callback(error)",
            Severity.ERROR,
            Script.GET_USER,
            (3,),
        ),
        Finding(
            "login raised OSError while the store was unreachable; "
            "catch it, and report it as ScriptError or with callback(error)",
            Severity.ERROR,
            Script.LOGIN,
            (4,),
        ),
    ]


CATCH = "catch it, and report it as ScriptError or with callback(error)"
CATCH_IN_PYTHON = "catch it, and report it as ScriptError"
CATCH_IN_JAVASCRIPT = "catch it, and report it with callback(error)"
NOBODY = "if it means that there is no such user"
NEWS = "Cannot read properties of undefined (reading 'id')"


@pytest.mark.parametrize(
    ("call", "advice"),
    [
        (
            'get_user x -> raised KeyError "x"',
            f"{NOBODY}, return NotFound(), or call callback(null); otherwise {CATCH}",
        ),
        (
            'get_user x -> raised KeyError "x" at "shop.py:6"',
            f"{NOBODY}, return NotFound(); otherwise {CATCH_IN_PYTHON}",
        ),
        (
            f'get_user x -> raised TypeError "{NEWS}" at "get_user.js:6:1"',
            f"{NOBODY}, call callback(null); otherwise {CATCH_IN_JAVASCRIPT}",
        ),
        (
            'login x y -> raised IndexError "out of range"',
            f"{NOBODY}, report a WrongUsernameOrPasswordError; otherwise {CATCH}",
        ),
        (
            """login x y -> raised TypeError "'NoneType' object is not subscriptable" at "shop.py:6\"""",
            f"{NOBODY}, raise WrongUsernameOrPasswordError(None); otherwise {CATCH_IN_PYTHON}",
        ),
        (
            'login x y -> raised TypeError "undefined is not an object" at "login.mjs:6"',
            f"{NOBODY}, call callback(new WrongUsernameOrPasswordError(null)); otherwise {CATCH_IN_JAVASCRIPT}",
        ),
        ('verify x -> raised DoesNotExist "no" at "shop.py:6"', CATCH_IN_PYTHON),
        ('get_user x -> raised ValueError "no" at "shop.py:6"', CATCH_IN_PYTHON),
        ('get_user x -> raised Error "no" at "get_user.cjs:6:1"', CATCH_IN_JAVASCRIPT),
        ('get_user x -> raised Error "no" at "get_user.rb:6"', CATCH),
    ],
)
def test_an_exception_for_an_unknown_user_may_mean_not_found(call: str, advice: str) -> None:
    [finding] = findings(throws_synchronously, f"{call}   [unknown-user]")

    script, _, raised = call.partition(" -> raised ")
    assert finding.message == f"{script.split()[0]} raised {raised.split()[0]}; {advice}"


@pytest.mark.parametrize(
    "call", ['get_user ada@example.com -> raised KeyError "x"', 'get_user x -> raised KeyError "x"   [outage: reset]']
)
def test_an_exception_for_a_known_user_or_in_an_outage_is_an_error(call: str) -> None:
    [finding] = findings(throws_synchronously, ADA + call)

    assert finding.message.endswith(f"; {CATCH}")


def test_an_exception_without_a_location_gets_the_language_of_the_script() -> None:
    transcript = Transcript.parse('get_user x -> raised Error "no"   [unknown-user]')
    scripts = {Script.GET_USER: ScriptInfo(location="shop/get_user.js:1:1"), Script.LOGIN: ScriptInfo()}

    known = evolve(transcript, header=evolve(transcript.header, scripts=scripts))

    [finding] = verdict(throws_synchronously, known).findings
    assert finding.message == f"get_user raised Error; {CATCH_IN_JAVASCRIPT}"


def test_a_missing_await_is_named() -> None:
    text = """get_user ada@example.com -> raised TypeError "'coroutine' object is not subscriptable" at "shop.py:6\""""

    [finding] = findings(throws_synchronously, ADA + text)

    assert finding.message == "get_user raised TypeError; an await is missing: await the coroutine"


def test_an_error_of_the_contract_is_no_exception() -> None:
    text = ADA + 'get_user ada@example.com -> failed StoreDown "refused"   [outage: refuse]'

    assert verdict(throws_synchronously, text).status is Status.PASSED
    assert verdict(uncaught_async_exception, text).status is Status.PASSED


def test_an_exception_that_only_hostile_input_causes_is_a_warning() -> None:
    text = 'get_user "a\\u0000b" -> raised ValueError "NUL"   [hostile: control-characters]'

    [finding] = findings(throws_synchronously, text)

    assert finding.severity is Severity.WARNING


def test_input_that_auth0_cannot_pass_may_raise() -> None:
    text = (
        'get_user "\\ud800" -> raised UnicodeEncodeError "surrogates"   [hostile: control-characters]\n'
        'get_user "\\ud800x" -> raised later AttributeError "lower"   [hostile: control-characters]\n'
        'get_user "x\\ud800" -> timed-out   [hostile: control-characters]'
    )

    assert findings(throws_synchronously, text) == []
    assert findings(uncaught_async_exception, text) == []
    assert findings(callback_not_called, text) == []


@pytest.mark.parametrize(
    ("rule", "escape"),
    [(throws_synchronously, ""), (uncaught_async_exception, "later "), (unhandled_rejection, "rejection ")],
)
def test_a_module_missing_from_the_check_is_no_finding_about_a_script(rule: Rule, escape: str) -> None:
    text = f"script get_user observed=on\nget_user a@b.c -> raised {escape}{{}} x   [unknown-user]"

    assert findings(rule, text.format("MissingModuleError")) == []
    assert len(findings(rule, text.format("Error"))) == 1


def test_a_template_that_raises_is_only_not_implemented() -> None:
    text = (
        ADA
        + 'get_user ada@example.com -> raised Error "Please implement the Get User script for this database connection"'
    )

    assert verdict(throws_synchronously, text, script_not_implemented).reason == "reported by script-not-implemented"


def test_an_exception_in_a_task_is_found() -> None:
    text = ADA + (
        'get_user ada@example.com -> raised later KeyError "email"\n'
        'login ada@example.com «password of ada» -> found {"user_id": "7"}; raised later ValueError "audit"'
    )

    assert findings(uncaught_async_exception, text) == [
        Finding(
            "get_user left KeyError uncaught in a task or thread that it started, so its callback was never called; "
            "wait for the task, and report the error with callback(error)",
            Severity.ERROR,
            Script.GET_USER,
            (1,),
        ),
        Finding(
            "login left ValueError uncaught in a task or thread that it started; "
            "wait for the task, and report the error with callback(error)",
            Severity.ERROR,
            Script.LOGIN,
            (2,),
        ),
    ]
    assert findings(throws_synchronously, text) == []


def test_a_text_as_the_error_is_found() -> None:
    text = ADA + (
        'get_user ada@example.com -> failed "store down"   [outage]\n'
        'login ada@example.com «password of ada» -> failed {"code": 5}   [outage]'
    )

    assert findings(error_not_an_error_object, text) == [
        Finding(
            "get_user passed a string to its callback as the error; pass an error object, ScriptError(message) or "
            "new Error(message)",
            Severity.WARNING,
            Script.GET_USER,
            (1,),
        ),
        Finding(
            "login passed an object to its callback as the error; pass an error object, ScriptError(message) or new "
            "Error(message)",
            Severity.WARNING,
            Script.LOGIN,
            (2,),
        ),
    ]


def test_any_error_object_passes() -> None:
    text = ADA + 'get_user ada@example.com -> failed OperationalError ""   [outage]\n'

    assert verdict(error_not_an_error_object, text).status is Status.PASSED
    assert verdict(error_not_an_error_object, FOUND).status is Status.NOT_APPLICABLE


def test_an_error_without_a_message_is_found() -> None:
    text = ADA + (
        'get_user ada@example.com -> failed Error " "   [outage]\n'
        'login ada@example.com «password of ada» -> failed WrongUsernameOrPasswordError(null) "[object Object]"'
    )

    assert findings(error_without_message, text) == [
        Finding(
            "get_user reported Error with no message; describe the failure for the tenant log",
            Severity.INFO,
            Script.GET_USER,
            (1,),
        ),
        Finding(
            "login reported WrongUsernameOrPasswordError with the message '[object Object]'; describe the failure "
            "for the tenant log",
            Severity.INFO,
            Script.LOGIN,
            (2,),
        ),
    ]


def test_an_error_with_an_optional_message_may_have_none() -> None:
    text = (
        ADA
        + 'login ada@example.com "x" -> failed WrongUsernameOrPasswordError("ada@example.com") ""   [wrong-password]'
    )

    assert verdict(error_without_message, text).status is Status.PASSED


def test_a_value_that_is_not_an_error_object_has_no_message_to_judge() -> None:
    text = ADA + 'get_user ada@example.com -> failed ""'

    assert verdict(error_without_message, text).status is Status.NOT_APPLICABLE


def test_a_result_beside_an_error_is_found() -> None:
    error = '{"$error": "Error", "message": "slow", "arguments": [], "location": null}'
    text = ADA + f'get_user ada@example.com -> failed called with [{error}, {{"user_id": "7"}}]'

    assert findings(result_beside_error, text) == [
        Finding(
            "get_user passed an object to its callback beside the error; pass the error alone, or null and the result",
            Severity.INFO,
            Script.GET_USER,
            (1,),
        )
    ]


def test_null_beside_an_error_passes() -> None:
    error = '{"$error": "Error", "message": "slow", "arguments": [], "location": null}'

    assert (
        verdict(result_beside_error, ADA + f"get_user ada@example.com -> failed called with [{error}, null]").status
        is Status.PASSED
    )


def test_false_before_a_profile_is_reported_only_as_no_error_object() -> None:
    text = ADA + 'get_user ada@example.com -> failed called with [false, {"user_id": "7"}]'

    assert (
        verdict(result_beside_error, text, error_not_an_error_object).reason == "reported by error-not-an-error-object"
    )
    [finding] = findings(error_not_an_error_object, text)
    assert finding.message.startswith("get_user passed false to its callback as the error;")


def test_parameters_that_do_not_fit_are_found() -> None:
    text = FOUND + (
        'script get_user signature="(email, callback)" problem="it passes context before callback"\n'
        'get_user ada@example.com -> raised TypeError "arguments"\n'
    )

    assert findings(wrong_arity, text) == [
        Finding(
            "the connection cannot call get_user: it passes context before callback",
            Severity.ERROR,
            Script.GET_USER,
            (1, 2),
        )
    ]


def test_parameters_that_do_not_fit_explain_what_the_calls_raise() -> None:
    text = ADA + (
        'script get_user signature="()" problem="expected (identifier) or (identifier, callback)"\n'
        'get_user ada@example.com -> raised TypeError "arguments"\n'
    )

    assert verdict(throws_synchronously, text, wrong_arity).reason == "reported by wrong-arity"


def test_parameters_that_do_not_fit_need_no_call_to_be_found() -> None:
    text = 'scripts delete\nscript delete signature="(x, y)" problem="expected (id, callback)"'

    assert findings(wrong_arity, text) == [
        Finding("the connection cannot call delete: expected (id, callback)", Severity.ERROR, Script.DELETE, ())
    ]


def test_parameters_pass_only_when_they_are_known() -> None:
    known = 'script get_user signature="(email, callback)"\n'

    assert verdict(wrong_arity, FOUND + known).status is Status.PASSED
    assert verdict(wrong_arity, FOUND).status is Status.NOT_APPLICABLE


def test_a_script_that_changes_what_it_is_given_is_found() -> None:
    text = ADA + (
        'create {"email": "ada@example.com"} -> done; noticed argument-changed "user"\n'
        'get_user ada@example.com -> not-found; noticed argument-changed "context"\n'
    )

    assert findings(argument_mutated, text) == [
        Finding("create changed its argument user; change a copy", Severity.WARNING, Script.CREATE, (1,)),
        Finding("get_user changed its argument context; change a copy", Severity.WARNING, Script.GET_USER, (2,)),
    ]


def test_only_a_create_that_changes_nothing_proves_that_a_user_is_unchanged() -> None:
    assert verdict(argument_mutated, ADA + 'create {"email": "ada@example.com"} -> done\n').held == 1
    assert verdict(argument_mutated, FOUND).status is Status.NOT_APPLICABLE
