"""`ContractSuite`: the items of the rules in a team's own pytest run."""

import inspect
import re
from collections.abc import Mapping, Sequence
from textwrap import dedent, indent

import pytest

from customdb_contract import rules
from customdb_contract.checking import check
from customdb_contract.connection import Connection
from customdb_contract.findings import Group, RuleInfo, Severity, Violation
from customdb_contract.rules import CATALOGUE, Rule, judge
from customdb_contract.testing import ContractSuite
from customdb_contract.testing import suite as suite_module
from customdb_contract.transcript import Transcript
from signals import foreground_handlers
from suites import MODULE, SHOP, write_suite

RULES = len(CATALOGUE)


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # The warning filters of this run would apply here.
    return pytester.runpytest_inprocess("-W", "default", *arguments)


def output_of(result: pytest.RunResult) -> str:
    return "\n".join(result.outlines)


def errors_of(result: pytest.RunResult) -> Sequence[str]:
    """Return the text of each error in the set-up."""
    errors = re.split(r"^=+ .*$", output_of(result).partition(" ERRORS ")[2], flags=re.MULTILINE)[0]
    return [text.strip() for text in re.split(r"^_+ ERROR at setup of .+ _+\n", errors, flags=re.MULTILINE)[1:]]


def assert_set_up_problem(result: pytest.RunResult, problem: str) -> None:
    """The first item shows the problem and nothing else, the others are skipped; no rule has failed."""
    assert errors_of(result) == [f"TestShop: {problem}"]
    result.assert_outcomes(errors=1, skipped=RULES - 1)


# The outcome of a rule


def test_every_rule_is_an_item_with_the_name_of_the_rule(pytester: pytest.Pytester) -> None:
    write_suite(pytester)

    items, _ = pytester.inline_genitems("test_shop.py")

    assert [item.name for item in items] == [f"test_rule[{rule.info.name}]" for rule in CATALOGUE]


def test_a_correct_database_passes_and_unjudged_rules_are_skipped_with_a_reason(
    pytester: pytest.Pytester,
) -> None:
    write_suite(pytester)

    result = run(pytester, "-rs")

    outcomes = result.parseoutcomes()
    assert outcomes["passed"] > 40
    assert outcomes["passed"] + outcomes["skipped"] == RULES
    result.stdout.fnmatch_lines(["SKIPPED*not applicable: needs *outage*"])


def test_a_broken_rule_fails_with_the_text_of_the_report_only(pytester: pytest.Pytester) -> None:
    write_suite(pytester, database="Unstable()")

    result = run(pytester, "--tb=long")

    assert result.parseoutcomes()["failed"] == 1
    text = output_of(result).partition(" FAILURES ")[2]
    assert re.match(
        r"""=+
_+ TestShop.test_rule\[unstable-user-id\] _+
error  unstable-user-id
  get_user returned the user_id "shop-1" for ada, then "shop-\d+"; always return the same one
       1  get_user ada@example.com -> found .*
(?:.*\n)+?    +\d+  get_user ada@example.com -> found .*
(?:.*\n)+
  Fix: .*
(?:.*\n)*  More: customdb-contract rules unstable-user-id
  See it again: pytest "test_shop.py::TestShop::test_rule\[unstable-user-id\]"
=+ short test summary""",
        text,
    ), text


def test_a_waived_rule_is_an_expected_failure(pytester: pytest.Pytester) -> None:
    write_suite(pytester, 'waived = {"unstable-user-id": "until May, ticket 12"}', database="Unstable()")

    result = run(pytester, "-rx")

    assert result.parseoutcomes()["xfailed"] == 1
    assert "failed" not in result.parseoutcomes()
    result.stdout.fnmatch_lines(["XFAIL test_shop.py::TestShop::test_rule?unstable-user-id? - until May, ticket 12"])
    assert run(pytester, "--runxfail").parseoutcomes()["failed"] == 1


def test_a_waiver_of_a_rule_that_passes_fails(pytester: pytest.Pytester) -> None:
    write_suite(pytester, 'waived = {"unstable-user-id": "until May"}')

    result = run(pytester)

    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(
        ["  the waiver of unstable-user-id is out of date: the rule passes now; remove the waiver (until May)"]
    )


def test_a_warning_is_a_contract_warning_at_the_suite(pytester: pytest.Pytester) -> None:
    write_suite(pytester, database="Mutable()")

    result = run(pytester)

    assert "failed" not in result.parseoutcomes()
    line = 1 + (pytester.path / "test_shop.py").read_text().splitlines().index("class TestShop(ContractSuite):")
    result.stdout.fnmatch_lines([f"*test_shop.py:{line}: ContractWarning: warning  mutable-user-id"])


def test_a_warning_fails_when_warnings_are_errors(pytester: pytest.Pytester) -> None:
    write_suite(pytester, database="Mutable()")

    result = run(pytester, "-W", "error::customdb_contract.testing.ContractWarning", "--tb=short")

    assert result.parseoutcomes()["failed"] == 1
    result.stdout.re_match_lines_random([r"^warning  mutable-user-id$", r"^  See it again: pytest .*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*outcomes.py*")


def test_a_warning_fails_when_the_suite_asks_for_it(pytester: pytest.Pytester) -> None:
    write_suite(pytester, 'fail_on = "warning"', database="Mutable()")

    assert run(pytester).parseoutcomes()["failed"] == 1


def test_information_passes(pytester: pytest.Pytester) -> None:
    write_suite(pytester, 'select = ["mismatched-profile"]', database="Counting()", before=COUNTING)

    result = run(pytester, "-W", "error")

    assert result.parseoutcomes() == {"passed": 1, "skipped": RULES - 1}


COUNTING = """
class Counting(Shop):
    counter = 0

    def profile(self, email):
        Counting.counter += 1
        return super().profile(email) | {"app_metadata": {"log_ins": Counting.counter}}
"""


def broken_rule(*, preview: bool = False) -> Rule:
    def judge(transcript: object) -> Sequence[Violation]:
        if preview:
            return [Violation("something new", ())]
        raise ZeroDivisionError

    info = RuleInfo(
        name="unstable-user-id",
        group=Group.PROFILE,
        severity=Severity.WARNING,
        scripts=(),
        needs=(),
        yields_to=(),
        since="1",
        source="good practice",
        preview=preview,
        docstring="A test.",
    )
    return Rule(info, judge)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # any iterable will do


def test_a_rule_that_crashes_fails(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "CATALOGUE", (broken_rule(),))
    write_suite(pytester)

    result = run(pytester, "-k", "unstable-user-id")

    result.assert_outcomes(failed=1, deselected=RULES - 1)
    result.stdout.fnmatch_lines(
        ["crashed  unstable-user-id", "  ZeroDivisionError:*", "  This is a bug in customdb-contract."]
    )


@pytest.mark.parametrize("arguments", [(), ("-W", "error::customdb_contract.testing.ContractWarning")])
def test_a_preview_never_fails(
    arguments: Sequence[str], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "CATALOGUE", (broken_rule(preview=True),))
    write_suite(pytester, 'fail_on = "warning"')

    result = run(pytester, "-k", "unstable-user-id", *arguments)

    result.assert_outcomes(passed=1, deselected=RULES - 1, warnings=0 if arguments else 1)


# The messages of a suite


def test_a_suite_has_the_settings_of_a_check_with_their_defaults() -> None:
    """The only missing arguments are fixtures, and one that is for programs."""
    parameters: Mapping[str, inspect.Parameter] = inspect.signature(check).parameters
    fixtures = {
        "database",
        "users",
        "connection",
        "outage",
        "progress",
        "fresh_database",
        "new_user",
        "inspect",
        "writes",
    }
    settings = {name: parameter.default for name, parameter in parameters.items() if name not in fixtures}

    assert set(suite_module._SETTINGS) == set(settings)
    for name, default in settings.items():
        assert getattr(ContractSuite, name) == ({} if default is None else default), name


def test_every_setting_reaches_the_check(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, object] = {}

    def noted(**keywords: object) -> object:
        given.update(keywords)
        return check(**keywords)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - it is what a suite gives

    monkeypatch.setattr(suite_module, "check", noted)
    write_suite(
        pytester,
        """
        waived = {"unstable-user-id": "until May"}
        select = ["profile", "security"]
        ignore = ["user-enumeration"]
        require = ["profile"]
        fail_on = "warning"
        hostile = False
        wrong_passwords = 1
        timeout = 7.0
        max_time = 77.0
        ignore_fields = ["app_metadata.seen"]
        settle = 0.5
        rehearse = False
        secrets = {"configuration TOKEN": Secret("a secret token")}

        @pytest.fixture
        def connection(self):
            return Connection(import_mode=True)

        @pytest.fixture
        def outage(self):
            return Broken()
        """,
    )

    run(pytester, "--customdb-ignore", "url-injection")

    assert type(given.pop("database")).__name__ == "Shop"
    assert len(given.pop("users")) == 2  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a list
    assert given.pop("connection") == Connection(import_mode=True)
    assert type(given.pop("outage")).__name__ == "Broken"
    assert repr(given.pop("secrets")).startswith("{'configuration TOKEN': ")
    assert given == {
        "writes": False,
        "fresh_database": None,
        "new_user": None,
        "inspect": None,
        "settle": 0.5,
        "rehearse": False,
        "waived": {"unstable-user-id": "until May"},
        "select": ["profile", "security"],
        "ignore": {"user-enumeration", "url-injection"},
        "require": ["profile"],
        "fail_on": "warning",
        "hostile": False,
        "wrong_passwords": 1,
        "timeout": 7.0,
        "max_time": 77.0,
        "ignore_fields": ["app_metadata.seen"],
    }


def test_rules_that_a_suite_excludes_are_skipped_as_deselected(pytester: pytest.Pytester) -> None:
    write_suite(pytester, 'select = ["unstable-user-id", "mismatched-user-id"]\nignore = ["mismatched-user-id"]')

    result = run(pytester, "-rs")

    result.assert_outcomes(passed=1, skipped=RULES - 1)
    result.stdout.fnmatch_lines([f"SKIPPED ?{RULES - 1}? *: deselected"])


def test_rules_of_a_required_group_of_which_none_could_be_judged_fail(pytester: pytest.Pytester) -> None:
    write_suite(
        pytester,
        """
        require = ["migration", "profile"]

        @pytest.fixture
        def users(self):
            return [KnownUser(email="ada@example.com")]
        """,
    )

    result = run(pytester, "-k", "metadata-in-one-script-only or retired-connection or unstable-user-id")

    assert result.parseoutcomes()["failed"] >= 1
    result.stdout.fnmatch_lines(["no rule of the required group migration could be judged: needs *"])


def test_an_async_database_a_factory_and_a_context_manager_work(pytester: pytest.Pytester) -> None:
    write_suite(
        pytester,
        database="database",
        before="""
        from contextlib import asynccontextmanager

        class AsyncShop(Shop):
            async def login(self, identifier, password):
                return super().login(identifier, password)

            async def get_user(self, identifier):
                return super().get_user(identifier)

        @asynccontextmanager
        async def database():
            yield AsyncShop()
        """,
    )

    outcomes = run(pytester).parseoutcomes()

    assert outcomes["passed"] > 40
    assert set(outcomes) == {"passed", "skipped"}


@pytest.mark.untraced
@pytest.mark.parametrize("scope", ["function", "class", "module", "session"])
def test_fixtures_may_have_any_scope_and_stand_in_a_conftest(scope: str, pytester: pytest.Pytester) -> None:
    write_suite(pytester, database="")
    pytester.makeconftest(
        f"""
        import pytest

        @pytest.fixture(scope={scope!r})
        def database():
            from test_shop import Shop
            return Shop()

        @pytest.fixture(scope={scope!r})
        def users():
            from test_shop import USERS
            return USERS
        """
    )

    outcomes = run(pytester, "-W", "error").parseoutcomes()

    assert outcomes["passed"] > 40
    assert set(outcomes) == {"passed", "skipped"}


def test_fixtures_of_class_methods_may_have_any_scope(pytester: pytest.Pytester) -> None:
    write_suite(
        pytester,
        """
        @pytest.fixture(scope="session")
        @classmethod
        def database(cls):
            return Shop()
        """,
    )

    assert set(run(pytester, "-W", "error").parseoutcomes()) == {"passed", "skipped"}


def test_optional_fixtures_default_to_none_despite_a_conftest(pytester: pytest.Pytester) -> None:
    write_suite(
        pytester,
        """
        def test_own(self, connection, outage, fresh_database, new_user, inspect):
            assert [connection, outage, fresh_database, new_user, inspect] == [None] * 5
        """,
    )
    pytester.makeconftest("import pytest\n\n@pytest.fixture\ndef connection():\n    return 7\n")

    run(pytester, "-k", "test_own").assert_outcomes(passed=1, deselected=RULES)


def test_a_suite_may_have_tests_of_its_own_with_the_report(pytester: pytest.Pytester) -> None:
    write_suite(
        pytester,
        """
        def test_own(self, report):
            assert len(report.transcript.exchanges) > 20
        """,
    )

    run(pytester, "-k", "test_own").assert_outcomes(passed=1, deselected=RULES)


def test_a_configuration_file_can_hold_all_settings(pytester: pytest.Pytester) -> None:
    write_configuration(pytester)
    write_suite(pytester, 'config = "customdb.toml"', database="")

    assert set(run(pytester).parseoutcomes()) == {"passed", "skipped"}


def write_configuration(pytester: pytest.Pytester, more: str = "") -> None:
    pytester.makepyfile(shop_of_file=SHOP)
    pytester.path.joinpath("customdb.toml").write_text(
        f"""
        [database]
        python = "shop_of_file:Shop"

        [[users]]
        email = "ada@example.com"
        password = "correct Horse battery"

        {more}
        """
    )


# Collection


def test_the_base_class_is_not_collected_and_a_subclass_may_have_any_name(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"{MODULE}\nclass Renamed(ContractSuite):\n    pass\n\nclass TestBase(ContractSuite):\n    __test__ = False\n"
        "class Mine(TestBase):\n    pass\n\nTestAlias = ContractSuite\n"
    )

    items, _ = pytester.inline_genitems()

    assert {item.nodeid.split("::")[1] for item in items} == {"Renamed", "Mine"}
    assert len(items) == 2 * RULES


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("def test_rule(self): pass", "test_rule"),
        ("test_rule = None", "test_rule"),
        ("test_rule = None\nreport = None", "test_rule and report"),
        ("@pytest.fixture\ndef report(self): return None", "report"),
    ],
)
def test_the_rules_cannot_be_overridden(body: str, what: str, pytester: pytest.Pytester) -> None:
    write_suite(pytester, body)

    assert_set_up_problem(
        run(pytester),
        f"it overrides {what}, which a suite must not override; accept a breach with "
        'waived = {"the-rule": "why, until when"}, or leave rules out with ignore',
    )


def test_the_rules_cannot_be_overridden_in_an_intermediate_class_or_mixin(pytester: pytest.Pytester) -> None:
    write_suite(
        pytester,
        database="",
        before="class Base(ContractSuite):\n    __test__ = False\n    test_rule = None\n\n"
        "class Beside:\n    def report(self): pass\n\n"
        "class TestOne(Base): pass\n\nclass TestTwo(Beside, ContractSuite): pass\n",
    )

    result = run(pytester, "-k", "TestOne or TestTwo")

    result.assert_outcomes(errors=2, skipped=2 * RULES - 2, deselected=RULES)
    result.stdout.fnmatch_lines(["TestOne: it overrides test_rule, *", "TestTwo: it overrides report, *"])


# The scripts that write

WRITING = """
from customdb_contract import Declined, Done, Failed, ValidationError
from customdb_contract.testing.strategies import InMemoryDatabase


class Forgetful(InMemoryDatabase):
    def verify(self, email):
        return Done() if self.get_user(email) != NotFound() else Declined()


class Refusing(InMemoryDatabase):
    def create(self, user):
        return Failed(ValidationError("closed", "No more users"))


class Usernames(InMemoryDatabase):
    def create(self, user):
        assert "username" in user
        return super().create(user)


class WithoutLogin:
    def __init__(self):
        shop = InMemoryDatabase()
        self.create, self.get_user = shop.create, shop.get_user


class InNode:
    connection = Connection(requires_username=True)
    said = frozenset({"requires_username"})

    def __init__(self, make=Usernames):
        self.make = make

    def open_bridge(self, *, connection, mask, timeout):
        from customdb_contract.bridges.python import PythonDatabase

        return PythonDatabase(self.make, connection=connection, mask=mask, timeout=timeout)
"""
FRESH = """
@pytest.fixture
def fresh_database(self):
    return {fresh}
"""
BRIEF = """
from hypothesis import Phase, settings

settings.register_profile("brief", max_examples=10, stateful_step_count=15, database=None, derandomize=True)
settings.load_profile("brief")
"""
# Enough examples to find a failure without luck; the first one is enough.
SEARCHING = BRIEF.replace("max_examples=10", "max_examples=1_000, phases=[Phase.generate]")


def write_writing_suite(pytester: pytest.Pytester, fresh: str, body: str = "", *, database: str = "Shop()") -> None:
    """Write a suite that also writes, with a quick machine."""
    pytester.makeconftest(BRIEF)
    write_suite(pytester, FRESH.format(fresh=fresh) + dedent(body), database=database, before=WRITING)


@pytest.mark.one_python
def test_with_fresh_databases_the_writing_scripts_are_judged_and_the_machine_runs(pytester: pytest.Pytester) -> None:
    write_writing_suite(pytester, "InMemoryDatabase")

    result = run(pytester, "-v")

    assert result.ret == 0
    result.stdout.fnmatch_lines_random(
        [
            "*::test_rule[[]create-not-visible[]] PASSED*",
            "*::test_rule[[]change-email-takes-over[]] PASSED*",
            "*::test_machine PASSED*",
            "*::test_lives PASSED*",
        ]
    )


def test_without_fresh_databases_there_is_no_machine(pytester: pytest.Pytester) -> None:
    write_suite(pytester)

    collected = output_of(run(pytester, "--collect-only", "-q"))
    assert "test_machine" not in collected
    assert "test_lives" not in collected


@pytest.mark.one_python
@pytest.mark.untraced
def test_a_failure_of_the_machine_is_printed_once_as_a_replayable_sequence(pytester: pytest.Pytester) -> None:
    write_writing_suite(pytester, "Forgetful")
    pytester.makeconftest(SEARCHING)

    result = run(pytester, "-k", "machine")

    result.assert_outcomes(failed=1, deselected=RULES + 1)
    text = output_of(result).partition("short test summary")[0]
    assert text.count("verify reported success, but") == 1
    assert "customdb-contract replay FILE" in text
    assert "Traceback" not in text
    assert "hypothesis/" not in text
    sequence = text.partition("judges it again:\n\n")[2].partition("\n====")[0]
    failures = judge(Transcript.parse(sequence)).failures
    assert "verify-not-reflected" in [verdict.rule.name for verdict in failures]


@pytest.mark.one_python
@pytest.mark.untraced
def test_the_machine_judges_what_the_suite_does(pytester: pytest.Pytester) -> None:
    write_writing_suite(pytester, "Forgetful", 'waived = {"verify-not-reflected": "until May"}')
    run(pytester, "-k", "machine").assert_outcomes(passed=1, deselected=RULES + 1)

    write_writing_suite(pytester, "Forgetful", "ignore = ['verify-not-reflected']")
    run(pytester, "-k", "machine").assert_outcomes(passed=1, deselected=RULES + 1)

    write_writing_suite(pytester, "Forgetful", "select = ['profile']")
    run(pytester, "-k", "machine").assert_outcomes(passed=1, deselected=RULES + 1)

    write_writing_suite(pytester, "Forgetful")
    run(pytester, "-k", "machine", "--customdb-ignore=consistency").assert_outcomes(passed=1, deselected=RULES + 1)


@pytest.mark.one_python
def test_the_connection_of_a_database_applies_to_the_machine_too(pytester: pytest.Pytester) -> None:
    write_writing_suite(pytester, "lambda: InNode()", database="InNode(lambda: InMemoryDatabase(USERS))")

    run(pytester, "-k", "machine or create-not-visible").assert_outcomes(passed=2, deselected=RULES)


@pytest.mark.parametrize(
    ("fresh", "problem"),
    [
        (
            "Shop()",
            "the fixture fresh_database must return a function that creates an empty database each time, got Shop",
        ),
        ("Shop", "the machine needs the scripts create and get_user, but the fresh database has no create"),
        ("lambda: 1 / 0", "fresh_database: the database could not be opened: ZeroDivisionError: division by zero *"),
        ("Refusing", 'create failed with ValidationError "No more users" for a user who is not in the store, *'),
    ],
)
def test_a_fresh_database_that_cannot_be_used_is_an_error_of_the_machine(
    fresh: str, problem: str, pytester: pytest.Pytester
) -> None:
    write_writing_suite(pytester, fresh)

    result = run(pytester, "-k", "machine")

    result.assert_outcomes(errors=1, deselected=RULES + 1)
    (said,) = errors_of(result)
    pytest.LineMatcher([said]).fnmatch_lines([f"TestShop: {problem}"])


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("def test_machine(self): pass", "test_machine"),
        ("@pytest.fixture\ndef machine(self): return None", "machine"),
        ("def test_lives(self): pass", "test_lives"),
        ("@pytest.fixture\ndef lives(self): return None", "lives"),
    ],
)
def test_the_machines_cannot_be_overridden(body: str, what: str, pytester: pytest.Pytester) -> None:
    write_writing_suite(pytester, "InMemoryDatabase", body)

    result = run(pytester, "-k", what.removeprefix("test_"))

    result.assert_outcomes(errors=1, deselected=RULES + 1)
    assert errors_of(result)[0].startswith(f"TestShop: it overrides {what}, which a suite must not override; ")


@pytest.mark.one_python
def test_the_lives_of_users_are_lived_on_fresh_databases(pytester: pytest.Pytester) -> None:
    body = """
        @pytest.fixture
        def outage(self):
            return Shop()
    """
    write_writing_suite(pytester, "Forgetful", body)
    pytester.makeconftest(SEARCHING)

    result = run(pytester, "-k", "lives")

    result.assert_outcomes(failed=1, deselected=RULES + 1)
    text = output_of(result).partition("short test summary")[0]
    assert "What happened:" in text
    assert "logs in as customdb-" in text
    assert "Traceback" not in text
    sequence = text.partition("judges it again:\n\n")[2].partition("\n====")[0]
    assert judge(Transcript.parse(sequence)).failures != ()


def test_without_log_ins_there_are_no_lives(pytester: pytest.Pytester) -> None:
    write_writing_suite(pytester, "WithoutLogin")

    result = run(pytester, "-k", "machine or lives", "-rs")

    result.assert_outcomes(passed=1, skipped=1, deselected=RULES)
    assert "lives need log-ins, but the fresh database has no login" in output_of(result)


def test_log_records_of_a_script_are_in_no_log_of_pytest(pytester: pytest.Pytester) -> None:
    body = """
        import logging
        logging.getLogger("shop").error("trying %s", password)
        return Shop().login(identifier, password)
    """
    before = "class Logging(Shop):\n    def login(self, identifier, password):\n" + indent(dedent(body), " " * 8)
    write_suite(pytester, database="Logging()", before=before)

    result = run(pytester, "-rA", "-o", "log_cli=true", "-o", "junit_logging=all", "--junit-xml=report.xml")

    said = output_of(result) + (pytester.path / "report.xml").read_text(encoding="utf-8")
    assert "login printed a password or another secret" in said
    assert "correct Horse battery" not in said
    assert "nanosecond Wire" not in said


# How pytest runs it

COUNTED = """
from pathlib import Path

def counted():
    with Path(__file__).with_name("made.txt").open("a") as file:
        file.write("made\\n")
    return Unstable()
"""


def times_made(pytester: pytest.Pytester) -> int:
    return len((pytester.path / "made.txt").read_text().splitlines())


def test_the_database_is_driven_once_for_a_class_and_only_when_an_item_runs(pytester: pytest.Pytester) -> None:
    write_suite(pytester, database="counted", before=COUNTED)

    run(pytester, "--collect-only")
    assert not (pytester.path / "made.txt").exists()

    run(pytester)
    assert times_made(pytester) == 1


def test_a_subclass_of_a_suite_has_a_report_of_its_own(pytester: pytest.Pytester) -> None:
    write_suite(pytester, database="counted", before=COUNTED)
    module = pytester.path / "test_shop.py"
    module.write_text(
        f"{module.read_text()}\nclass TestOther(TestShop):\n    @pytest.fixture\n    def database(self):\n"
        "        return Shop()\n"
    )

    result = run(pytester, "-k", "unstable-user-id")

    result.assert_outcomes(failed=1, passed=1, deselected=2 * RULES - 2)
    assert times_made(pytester) == 1


def test_items_can_be_chosen_run_again_and_run_in_another_order(pytester: pytest.Pytester) -> None:
    write_suite(pytester, database="Unstable()")
    pytester.makeconftest("def pytest_collection_modifyitems(items):\n    items.reverse()\n")

    run(pytester, "-k", "unstable-user-id").assert_outcomes(failed=1, deselected=RULES - 1)
    run(pytester, "--lf").assert_outcomes(failed=1)
    run(pytester, "-p", "no:cacheprovider", "test_shop.py::TestShop::test_rule[unstable-user-id]").assert_outcomes(
        failed=1
    )
    assert run(pytester, "-m", "customdb_contract", "--strict-markers").parseoutcomes()["failed"] == 1


@pytest.mark.one_python
@pytest.mark.untraced
def test_every_worker_of_xdist_drives_the_database_once(pytester: pytest.Pytester) -> None:
    write_suite(pytester, database="counted", before=COUNTED)

    result = pytester.runpytest_subprocess("-n", "2", "-q")

    assert result.parseoutcomes()["failed"] == 1
    assert result.parseoutcomes()["passed"] > 40
    assert 1 <= times_made(pytester) <= 2


def test_it_works_without_the_plugin(pytester: pytest.Pytester) -> None:
    write_suite(pytester, database="Unstable()")

    result = run(pytester, "-p", "no:customdb_contract", "-W", "ignore::pytest.PytestUnknownMarkWarning")

    assert result.parseoutcomes()["failed"] == 1


# Failed set-ups


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            'waived = {"unstable-user-id": " "}',
            'waived: unstable-user-id has no reason; write unstable-user-id = "why this breach is accepted, *"',
        ),
        (
            'waived = {"unstable-userid": "until May"}',
            "waived: there is no rule 'unstable-userid'; did you mean unstable-user-id or *?",
        ),
        ("waived = ['unstable-user-id']", "waived must be a dictionary, got ['unstable-user-id']"),
        ("select = 'profile'", "select must be a list of names, got 'profile'"),
        ("ignore = 7", "ignore must be a list of names, got 7"),
        ("select = ['profil']", "select: there is no rule or group 'profil'; did you mean profile*"),
        ("require = ['safety']", "require: there is no group 'safety'; *"),
        (
            "writes = True",
            "a suite has no attribute writes: give it the fixture fresh_database, and the scripts that write *",
        ),
        ("timeout = 0", "timeout must be a number of seconds above 0, got 0"),
        ("fail_on = 'info'", "fail_on must be 'error' or 'warning', not 'info'"),
        (
            "ignore = ['callback', 'outcome', 'profile', 'consistency', 'migration', 'security', 'action']",
            "no rule could be judged: all are deselected",
        ),
        ("select = ['outage-as-not-found']", "no rule could be judged: needs [[]outage]"),
        ("config = 'no.toml'", "*no.toml cannot be read: No such file or directory"),
        ("config = 'no.toml'\nmax_time = 7", "config names a file, so max_time belongs in its table [[]check]"),
        (
            "@pytest.fixture\ndef database(self): return None",
            "the fixture database returned None; it must return the custom database, or a function that returns it",
        ),
        (
            "@pytest.fixture\ndef database(self): return object()",
            "the database has none of the scripts: give an object with the methods login and get_user, or a function *",
        ),
        (
            "@pytest.fixture\ndef database(self): 1 / 0",
            "the fixture database failed: ZeroDivisionError: division by zero (test_shop.py, line *)",
        ),
        (
            "@pytest.fixture\ndef users(self): return [KnownUser()]",
            "the fixture users failed: ConfigurationError: a known user needs an email, a username or a*)",
        ),
        ("@pytest.fixture\ndef database(self): pytest.fail('no store')", "the fixture database failed: no store"),
        (
            "@pytest.fixture\ndef database(self, shop): return shop",
            "the fixture database requires the fixture shop, which is not defined",
        ),
        (
            "@pytest.fixture(params=[1])\ndef database(self, request): return Shop()",
            "the fixture database failed: The requested fixture has no parameter defined for test: *",
        ),
        (
            "@pytest.fixture\ndef users(self): return USERS[0]",
            "the fixture users must return a list of KnownUser, got KnownUser; put it in brackets",
        ),
        (
            "@pytest.fixture\ndef users(self): return 7",
            "the fixture users must return a list of KnownUser, got int",
        ),
        (
            "@pytest.fixture\ndef users(self): return ['ada@example.com']",
            "the fixture users must return a list of KnownUser, but the list contains str",
        ),
        ("@pytest.fixture\ndef users(self): return []", "no known user was given: name at least one user *"),
        (
            "@pytest.fixture\ndef new_user(self): return 7",
            "the fixture new_user must return a NewUser, got int",
        ),
        (
            "@pytest.fixture\ndef outage(self): return 'http://x'",
            "the outage database has none of the scripts: give the same database with an unreachable store, or *",
        ),
        (
            "@pytest.fixture\ndef inspect(self): return {}",
            "inspect must be a function that takes an identifier, got dict",
        ),
        (
            "@pytest.fixture\ndef connection(self): return 'bookshop'",
            "the fixture connection must return a Connection, got str",
        ),
        (
            "@pytest.fixture\ndef users(self): return [KnownUser(email='eve@example.com', password='pass phrase')]",
            "the check ended early (set-up): no script knows eve@example.com: the known users must be in the store, *",
        ),
        (
            "@pytest.fixture\ndef database(self): return Broken()",
            "the check ended early (set-up): every call failed, so nothing could be judged: *",
        ),
    ],
)
def test_a_failed_set_up_is_reported_once_in_one_sentence(body: str, problem: str, pytester: pytest.Pytester) -> None:
    write_suite(pytester, body)

    result = run(pytester, "-rs", "-k", "missing-user-id or missing-script")

    result.assert_outcomes(errors=1, skipped=1, deselected=RULES - 2)
    (said,) = errors_of(result)
    assert "\n" not in said
    pytest.LineMatcher([said]).fnmatch_lines([f"TestShop: {problem}"])
    result.stdout.re_match_lines(
        [r"SKIPPED \[1\] .*: the set-up failed, see test_shop\.py::TestShop::test_rule\[[a-z-]+\]$"]
    )


@pytest.mark.parametrize("name", ["database", "users"])
def test_a_missing_fixture_is_reported_with_its_return_type(name: str, pytester: pytest.Pytester) -> None:
    fixture = {"database": "", "users": "\n@pytest.fixture\ndef database(self): return Shop()"}[name]
    write_suite(pytester, fixture, database="")
    meaning = {
        "database": "the custom database, or a function that returns it",
        "users": "a list of KnownUser: users who are in the store",
    }[name]

    assert_set_up_problem(
        run(pytester),
        f"it has no fixture {name}; define one, in the class or in a conftest.py, that returns {meaning}",
    )


def test_a_bug_of_the_library_is_reported_once_with_its_traceback(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(suite_module, "check", mistaken)
    write_suite(pytester)

    result = run(pytester, "-k", "missing-user-id or missing-script")

    result.assert_outcomes(errors=1, skipped=1, deselected=RULES - 2)
    (said,) = errors_of(result)
    assert "E       ZeroDivisionError" in said


NO_USERS = "@pytest.fixture\ndef users(self): return 7"
TEAMS_OWN = """
    def test_own(self, report):
        pass

    def test_asks(self, request):
        with pytest.raises(pytest.fail.Exception):
            request.getfixturevalue("report")
"""


def test_a_test_of_the_teams_own_shows_the_set_up_too_and_never_stands_for_the_rules(pytester: pytest.Pytester) -> None:
    write_suite(pytester, NO_USERS + TEAMS_OWN.replace("\n    ", "\n"))
    own = "test_shop.py::TestShop"

    first = run(pytester, f"{own}::test_asks", f"{own}::test_rule")
    last = run(pytester, f"{own}::test_rule", f"{own}::test_own")

    first.assert_outcomes(passed=1, errors=1, skipped=RULES - 1)
    last.assert_outcomes(errors=2, skipped=RULES - 1)
    shown, pointed = errors_of(last)
    assert shown == "TestShop: the fixture users must return a list of KnownUser, got int"
    assert re.fullmatch(r"TestShop: the set-up failed, see test_shop\.py::TestShop::test_rule\[[a-z-]+\]", pointed)


def test_a_run_of_the_last_failures_fails_again(pytester: pytest.Pytester) -> None:
    write_suite(pytester, NO_USERS)
    run(pytester).assert_outcomes(errors=1, skipped=RULES - 1)

    again = run(pytester, "--lf")

    again.assert_outcomes(errors=1)
    assert again.ret == pytest.ExitCode.TESTS_FAILED


def test_each_worker_of_xdist_has_an_error(pytester: pytest.Pytester) -> None:
    write_suite(pytester, NO_USERS)

    result = pytester.runpytest_subprocess("-n", "2", "-q")

    result.assert_outcomes(errors=2, skipped=RULES - 2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


RUNS_TWICE = """
def pytest_runtest_protocol(item, nextitem):
    from _pytest.runner import runtestprotocol
    runtestprotocol(item, nextitem=nextitem, log=False)
"""
"""Like a plugin for flaky tests."""

EXPECTS_THE_FIRST_TO_FAIL = """
import pytest

def pytest_collection_modifyitems(items):
    items[0].add_marker(pytest.mark.xfail)
"""
"""An error of that item is not an error of the run."""


@pytest.mark.parametrize(
    ("hook", "outcomes"),
    [
        (RUNS_TWICE, {"errors": 1, "skipped": RULES - 1}),
        (EXPECTS_THE_FIRST_TO_FAIL, {"errors": 1, "xfailed": 1, "skipped": RULES - 2}),
    ],
)
def test_a_run_with_a_failed_set_up_is_never_green(
    hook: str, outcomes: dict[str, int], pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(hook)
    write_suite(pytester, NO_USERS)

    result = run(pytester)

    result.assert_outcomes(**outcomes)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_fixture_that_skips_skips(pytester: pytest.Pytester) -> None:
    write_suite(pytester, "@pytest.fixture\ndef database(self): pytest.skip('no Docker here')")

    run(pytester).assert_outcomes(skipped=RULES)


def test_a_check_that_ran_out_of_time_is_an_error_with_a_partial_report(pytester: pytest.Pytester) -> None:
    write_suite(
        pytester,
        "max_time = 2.0",
        database="Slow()",
        before="""
        import time

        class Slow(Unstable):
            calls = 0

            def get_user(self, identifier):
                self.calls += 1
                if self.calls > 6:
                    time.sleep(2.0)
                return super().get_user(identifier)
        """,
    )

    result = run(pytester)

    result.assert_outcomes(errors=1, skipped=RULES - 1)
    result.stdout.fnmatch_lines(["TestShop: the check ended early (time): *", "Findings until then: not ok: *"])


def test_an_interruption_ends_the_run(pytester: pytest.Pytester) -> None:
    write_suite(
        pytester,
        database="Interrupted()",
        before="""
        import os
        import signal
        import time

        class Interrupted(Shop):
            def get_user(self, identifier):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(60)
                return super().get_user(identifier)
        """,
    )

    with foreground_handlers():
        result = run(pytester)

    assert result.ret is pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*CheckInterrupted: the check was interrupted*"])
    result.assert_outcomes()
