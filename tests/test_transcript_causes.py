"""The likely causes of calls that fail before any succeeds, and the language of scripts."""

import pytest

from customdb_contract.transcript import (
    Exchange,
    Language,
    RecordedError,
    Transcript,
    absent_module,
    json_text,
    language_of,
    likely_causes,
)

REFUSED = (
    "The connection to the store was refused: is the store running, and is its address right in the "
    "configuration of the scripts?"
)
UNAUTHORIZED = (
    "The store refuses every call as unauthorized (401): check the token, or the user and the password, with which "
    "the scripts log in to the store."
)


URLLIB3_REFUSED = (
    "ConnectionError: HTTPConnectionPool(host='127.0.0.1', port=8080): Max retries exceeded with url: /users "
    "(Caused by NewConnectionError('[Errno 111] Connection refused'))"
)
URLLIB3_UNKNOWN = (
    "ConnectionError: HTTPConnectionPool(host='db.internal', port=80): Max retries exceeded with url: / (Caused by "
    "NameResolutionError(\"Failed to resolve 'db.internal' ([Errno -3] Temporary failure in name resolution)\"))"
)
PERSON = "person ada email=ada@example.com"


def refused_by(address: str) -> str:
    return f"{address} refused the connection: is the store running there?"


def unknown(host: str) -> str:
    return f"{host} is unknown: correct its name in the configuration of the scripts."


def calls(*endings: str) -> list[Exchange]:
    lines = [f"get_user ada@example.com -> {ending}" for ending in endings]
    return list(Transcript.parse("\n".join([PERSON, *lines])).exchanges)


def causes(*errors: str, ending: str = "failed") -> list[str]:
    parted = [error.partition(": ") for error in errors]
    return list(likely_causes(calls(*(f"{ending} {name} {json_text(message)}" for name, _, message in parted))))


@pytest.mark.parametrize("ending", ["failed", "raised"])
@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("URLError: <urlopen error [Errno 111] Connection refused>", REFUSED),
        ("URLError: <urlopen error [Errno 61] Connection refused>", REFUSED),
        ("URLError: <urlopen error [WinError 10061] … because the target machine actively refused it>", REFUSED),
        ("ScriptError: connection refused", REFUSED),
        ("Error: connect ECONNREFUSED 127.0.0.1:5432", refused_by("127.0.0.1:5432")),
        ("Error: Failed to connect to db:1433 - connect ECONNREFUSED 10.0.0.7:1433", refused_by("10.0.0.7:1433")),
        ("Error: connect ECONNREFUSED ::1:5432", REFUSED),
        ("ConnectionError: Error 111 connecting to cache:6379. Connection refused.", refused_by("cache:6379")),
        ("ServerSelectionTimeoutError: 127.0.0.1:27017: [Errno 111] Connection refused", refused_by("127.0.0.1:27017")),
        (URLLIB3_REFUSED, refused_by("127.0.0.1:8080")),
        (
            'OperationalError: connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused',
            refused_by("localhost:5432"),
        ),
        (
            "ClientConnectorError: Cannot connect to host api:443 ssl:default [Connect call failed ('10.0.0.7', 443)]",
            refused_by("api:443"),
        ),
        ("ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 5432)", refused_by("127.0.0.1:5432")),
        (
            "OperationalError: Can't connect to MySQL server on 'db.internal' ([Errno 111] Connection refused)",
            refused_by("db.internal"),
        ),
        ("URLError: <urlopen error [Errno -2] Name or service not known>", unknown("The host of the store")),
        ("gaierror: [Errno 8] nodename nor servname provided, or not known", unknown("The host of the store")),
        ("gaierror: [Errno 11001] getaddrinfo failed", unknown("The host of the store")),
        ("Error: getaddrinfo ENOTFOUND db.internal", unknown("The host db.internal")),
        ("Error: getaddrinfo EAI_AGAIN db.internal", unknown("The host db.internal")),
        (
            'OperationalError: could not translate host name "db.internal" to address: Name or service not known',
            unknown("The host db.internal"),
        ),
        (
            "OperationalError: failed to resolve host 'db.internal': [Errno -2] Name or service not known",
            unknown("The host db.internal"),
        ),
        (URLLIB3_UNKNOWN, unknown("The host db.internal")),
        ("HTTPError: HTTP Error 401: Unauthorized", UNAUTHORIZED),
        ("ScriptError: Unexpected status 401", UNAUTHORIZED),
        (
            "ModuleNotFoundError: No module named 'psycopg2.extras'",
            "The Python that runs the check has no module psycopg2: pip install psycopg2.",
        ),
    ],
)
def test_an_error_has_a_likely_cause(error: str, cause: str, ending: str) -> None:
    assert causes(error, ending=ending) == [cause]


@pytest.mark.parametrize(
    "error",
    [
        "ScriptError: no such user",
        "UserNotFoundError: no such user",
        "ScriptError: the row 4010 is odd",
        "ScriptError: No module named 'pg'",
        "ModuleNotFoundError: that is no name",
        "WrongUsernameOrPasswordError: Wrong username or password",
    ],
)
def test_other_errors_have_none(error: str) -> None:
    assert causes(error) == []


def test_each_cause_is_named_once_and_several_are_all_named() -> None:
    said = ["Error: connect ECONNREFUSED a:1", "Error: getaddrinfo ENOTFOUND b", "Error: connect ECONNREFUSED a:1"]

    assert causes(*said) == [refused_by("a:1"), unknown("The host b")]


def test_unauthorized_is_the_cause_only_where_each_call_is_refused() -> None:
    assert causes("E: status 401", "E: 401 Unauthorized") == [UNAUTHORIZED]
    assert causes("E: status 401", "E: no such user") == []


def test_a_value_that_is_no_error_object_has_no_cause() -> None:
    assert likely_causes(calls('failed "connection refused"', "not-found", "timed-out")) == ()


def test_hosts_that_were_noticed_are_named_elsewhere() -> None:
    noticed = 'failed Error "connect ECONNREFUSED 10.0.0.7:1"; noticed host-out-of-reach "db:1"'

    assert likely_causes(calls(noticed)) == ()


@pytest.mark.parametrize(
    ("locations", "language"),
    [
        (("shop.py:6",), Language.PYTHON),
        (("shop.py",), Language.PYTHON),
        (("shop/get_user.js:6:1",), Language.JAVASCRIPT),
        (("code.cjs:6",), Language.JAVASCRIPT),
        ((None, "", "shop.rb:6", "x.js", "shop.py:6"), Language.JAVASCRIPT),
        (("shop.pyc:6", "js", "a.js/b:6"), None),
        ((), None),
    ],
)
def test_the_language_of_a_script_is_that_of_its_file(
    locations: tuple[str | None, ...], language: Language | None
) -> None:
    assert language_of(*locations) is language


def test_the_absent_module_is_the_top_level_one() -> None:
    assert absent_module(RecordedError("ModuleNotFoundError", "No module named 'a.b'; 'a' is not a package")) == "a"
    assert absent_module(RecordedError("ImportError", "No module named 'a'")) is None
