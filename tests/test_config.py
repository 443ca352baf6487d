"""`customdb.toml`: its valid contents, and the errors for everything else."""

import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from attrs import evolve

from customdb_contract import Connection, KnownUser, NewUser
from customdb_contract.config import Configuration, find_config, load_config
from customdb_contract.errors import ConfigurationError
from customdb_contract.transcript import Situation

SHOP = """
    from customdb_contract import Failed, Found, NotFound, ScriptError, WrongUsernameOrPasswordError

    class Shop:
        def __init__(self, password="pass phrase", token=None):
            self.password = password
            self.token = token

        def login(self, identifier, password):
            if (identifier.lower(), password) != ("ada@example.com", self.password):
                return Failed(WrongUsernameOrPasswordError(None, "no"))
            return self.get_user(identifier)

        def get_user(self, identifier):
            if identifier == "settings":
                return Found({"user_id": f"{self.password} {self.token}"})
            if str(identifier).lower() != "ada@example.com":
                return NotFound()
            return Found({"user_id": "shop-7", "email": "ada@example.com", "email_verified": True})

    class Broken(Shop):
        def get_user(self, identifier):
            raise ScriptError("down")
        login = lambda self, identifier, password: self.get_user(identifier)

    class AtUrl(Shop):
        def __init__(self, url, **settings):
            super().__init__(password=url, **settings)

    shop = Shop()
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration, and beside it the module `MODULE` with a shop."""
    module = "shop_of_config"
    (tmp_path / f"{module}.py").write_text(dedent(SHOP))

    def write_config(text: str, name: str = "customdb.toml") -> Path:
        path = tmp_path / name
        path.write_text(dedent(text).replace("MODULE", module))
        return path

    return write_config


def message_of(path: Path) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_config(path)
    return str(raised.value)


def test_every_setting_of_a_file_reaches_the_check(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADA_PASSWORD", "pass phrase")
    path = write("""
        [connection]
        name = "legacy-shop"
        import_mode = true
        requires_username = true
        script_context = true
        features = ["signup", "reset"]
        deletion_is_final = true

        [database]
        python = "MODULE:Shop"
        configuration = { password = "pass phrase" }

        [[users]]
        email = "ada@example.com"
        username = "ada"
        password = { env = "ADA_PASSWORD" }
        aliases = ["a@example.com"]
        disabled = true
        profile = { email_verified = true }

        [new_user]
        email = "customdb-{unique}@example.com"
        username = "cdbc{unique}"

        [check]
        waived = { mutable-user-id = "until May" }
        require = ["security"]
        ignore_fields = ["app_metadata.seen"]
        fail_on = "warning"
        timeout = 2.5
        max_time = 30.0
        hostile = false
        wrong_passwords = 1
        settle = 0.5
        rehearse = false
        """)

    configuration = load_config(path)

    assert configuration.connection == Connection(
        name="legacy-shop",
        import_mode=True,
        requires_username=True,
        script_context=True,
        features=("signup", "reset"),
        deletion_is_final=True,
    )
    assert configuration.users == (
        KnownUser(
            email="ada@example.com",
            username="ada",
            password="pass phrase",
            aliases=["a@example.com"],
            disabled=True,
            profile={"email_verified": True},
        ),
    )
    assert configuration.waived == {"mutable-user-id": "until May"}
    assert configuration.require == ("security",)
    assert configuration.fail_on == "warning"
    probing = configuration.probing
    assert (probing.timeout, probing.max_time, probing.hostile, probing.wrong_passwords) == (2.5, 30.0, False, 1)
    assert probing.ignore_fields == ("app_metadata.seen",)
    assert not probing.rehearse


def test_a_file_can_be_checked_with_one_call(write: Write) -> None:
    path = write("""
        [database]
        python = "MODULE:Shop"
        [outage]
        python = "MODULE:Broken"
        [[users]]
        email = "ada@example.com"
        password = "pass phrase"
        """)

    report = load_config(path).check()

    assert report.ok, report
    assert report.transcript.select(None, Situation.OUTAGE)


def test_an_object_is_used_as_the_database(write: Write) -> None:
    path = write("""
        [database]
        python = "MODULE:shop"
        [[users]]
        email = "ada@example.com"
        """)

    assert load_config(path).check().ok


def test_the_fault_server_takes_the_place_of_the_store(write: Write) -> None:
    path = write("""
        [database]
        python = "MODULE:Shop"
        configuration = { token = { env = "HOME" } }
        [outage]
        python = "MODULE:AtUrl"
        configuration = { url = "{fault_url}/api" }
        """)

    outage: Any = load_config(path).probing.outage

    assert outage.fault_placeholders == {"{fault_url}"}
    with outage.with_faults({"{fault_url}": "http://127.0.0.1:1/x"}) as shop:
        assert shop.get_user("settings").profile["user_id"].startswith("http://127.0.0.1:1/x/api ")


def test_an_outage_may_consist_of_another_configuration_only(write: Write) -> None:
    path = write("""
        [database]
        python = "MODULE:Shop"
        [outage]
        configuration = { password = "never" }
        """)

    outage: Any = load_config(path).probing.outage

    with outage:
        assert outage.get_user("settings").profile["user_id"] == "never None"


def test_values_from_the_environment_are_secrets(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "t0ken-of-the-shop")
    path = write("""
        [database]
        python = "MODULE:Shop"
        configuration = { token = { env = "SHOP_TOKEN" } }
        """)

    configuration = load_config(path)

    database: Any = configuration.database
    with database:
        assert database.get_user("settings").profile["user_id"] == "pass phrase «configuration token»"
    assert "t0ken" not in repr(configuration)


def test_an_error_in_a_configuration_names_its_file_if_there_is_one(write: Write) -> None:
    users = '[[users]]\nemail = "ada@example.com"\npassword = "pass phrase"'
    path = write(f'[database]\npython = "MODULE:Shops"\n{users}')
    configuration = load_config(path)

    messages: list[str] = []
    for given in (configuration, evolve(configuration, path=None)):
        with pytest.raises(ConfigurationError) as caught:
            given.observe()
        messages.append(str(caught.value))

    assert messages[0] == f"{path}: {messages[1]}"
    assert messages[1].startswith("shop_of_config has no attribute 'Shops'")


def test_a_table_in_a_project_file_is_a_configuration(write: Write) -> None:
    path = write(
        """
        [tool.customdb-contract.connection]
        name = "of the project"
        """,
        "pyproject.toml",
    )

    assert load_config(path).connection.name == "of the project"
    assert find_config(path.parent) == path


def test_a_project_file_without_the_table_is_no_configuration(write: Write) -> None:
    path = write("[project]\n", "pyproject.toml")

    assert find_config(path.parent) is None
    assert message_of(path) == f"{path}: there is no table [tool.customdb-contract]"


def test_a_separate_file_takes_precedence(write: Write) -> None:
    write("[tool.customdb-contract]\n", "pyproject.toml")
    path = write("")

    assert find_config(path.parent) == path


def test_no_file_is_no_error(tmp_path: Path) -> None:
    assert find_config(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[connexion]", "[connexion] is not a known key; did you mean connection?"),
        (
            "[zzz]",
            "[zzz] is not a known key; known keys are connection, database, outage, action, users, new_user, check",
        ),
        ("[check]\ntime_out = 3.0", "[check] time_out is not a known key; did you mean timeout?"),
        ("[check]\ntimeout = 0.0", "[check] timeout is wrong: input should be greater than 0"),
        ("[check]\ntimeout = inf", "[check] timeout is wrong: input should be "),
        ("[check]\ntimeout = nan", "[check] timeout is wrong: input should be "),
        ("[check]\nmax_time = 1e300", "[check] max_time is wrong: input should be less than or equal to 86400"),
        ("[check]\nsettle = inf", "[check] settle is wrong: input should be "),
        ("[check]\nwrong_passwords = 1e3", "[check] wrong_passwords is wrong: input should be a valid integer"),
        ("[check]\nfail_on = 'info'", "[check] fail_on is wrong: input should be 'error' or 'warning'"),
        ("[connection]\nimport_mode = 'on'", "[connection] import_mode is wrong: input should be a valid boolean"),
        (
            "[connection]\nfeatures = ['login']",
            "[connection] features.0 is wrong: input should be 'signup', 'reset', 'verify', 'change_email' or 'delete'",
        ),
        ("[[users]]\nemial = 'a@example.com'", "[[users]] number 1: emial is not a known key; did you mean email?"),
        (
            "[[users]]\nemail = 'a@example.com'\n[[users]]\nemail = 7",
            "[[users]] number 2: email is wrong: input should be a valid string",
        ),
        ("users = 7", "[users] is wrong: input should be a valid list"),
        ("users = [7]", "[[users]] number 1 must be a table"),
        ("[[users]]\ndisabled = true", "[[users]] number 1: a known user needs an email, a username or a phone_number"),
        (
            "[[users]]\nemail = 'a@example.com'\npassword = { env = 'NOT_SET_ANYWHERE' }",
            "[[users]] number 1: the environment variable NOT_SET_ANYWHERE is not set",
        ),
        (
            "[[users]]\nemail = 'a@example.com'\npassword = { environment = 'X' }",
            "[[users]] number 1: password.environment is not a known key; known keys are env",
        ),
        (
            "[database]\npython = 'MODULE:Shop'\nconfiguration = { token = { env = 'NOT_SET_ANYWHERE' } }",
            "[database] configuration.token: the environment variable NOT_SET_ANYWHERE is not set",
        ),
        (
            "[new_user]\nemail = 'new@example.com'",
            (
                "[new_user] NewUser: email must contain {unique} exactly once, which makes every user created by a "
                "check unique, got 'new@example.com'"
            ),
        ),
        (
            "[database]\npython = 'MODULE:Shop'\nscripts = 'tenant'",
            "[database] has both python and scripts: give only the one to check",
        ),
        (
            "[database]\npython = 'MODULE:Shop'\nnode_modules = 'x'",
            "[database] node_modules is for JavaScript: give scripts = the folder of the connection, or leave it out",
        ),
        ("[outage]", "[outage] is empty: give a different configuration, or another database"),
        (
            "[outage]\nconfiguration = { a = 1 }",
            "[outage] has a configuration, but neither python nor scripts names the database that it is for",
        ),
        (
            "[database]\npython = 'shop'",
            "[database] 'shop' is not a reference to a Python object; write module:attribute, such as shop",
        ),
        (
            "[database]\npython = 'MODULE:shop'\n[outage]\npython = 'shop'",
            "[outage] 'shop' is not a reference to a Python object",
        ),
        ("[database]\nscripts = 'nowhere'", "[database] FOLDER/nowhere is not a folder"),
        (
            "[database]\npython = 'MODULE:shop'\n[outage]\nscripts = 'nowhere'",
            "[outage] FOLDER/nowhere is not a folder",
        ),
    ],
)
def test_an_error_names_its_key(write: Write, text: str, message: str) -> None:
    path = write(text)

    reported = message_of(path)

    assert reported.startswith(f"{path}: ")
    assert message.replace("FOLDER", str(path.parent)) in reported


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[database]\npython = 'MODULE:shop'\nconfiguration = { a = 1 }",
            "configuration is passed to the function that creates the database, but MODULE:shop is not a function",
        ),
        (
            "[database]\npython = 'MODULE:Shop'\n[outage]\npython = 'MODULE:shop'\nconfiguration = { a = '1' }",
            "configuration is passed to the function that creates the database, but MODULE:shop is not a function",
        ),
        ("[database]\npython = 'MODULE:shap'", "MODULE has no attribute 'shap'; did you mean shop?"),
        ("[database]\npython = 'MODULE:qqqq.x'", "MODULE has no attribute 'qqqq.x'"),
        ("[database]\npython = 'MODULE:shop'\n[outage]\npython = 'MODULE:brok'", "MODULE has no attribute 'brok'"),
        (
            "[database]\npython = 'no_such:x'",
            (
                "no_such cannot be imported from FOLDER: ModuleNotFoundError: No module named 'no_such'; "
                "that folder has no no_such.py and no package no_such, and none is installed"
            ),
        ),
    ],
)
def test_an_error_on_opening_the_database_names_the_file(write: Write, text: str, message: str) -> None:
    path = write(f"{text}\n[[users]]\nemail = 'ada@example.com'")

    with pytest.raises(ConfigurationError) as raised:
        load_config(path).check()

    named = message.replace("MODULE", next(path.parent.glob("shop_*")).stem).replace("FOLDER", str(path.parent))
    assert str(raised.value).startswith(f"{path}: {named}")


def test_all_mistakes_are_reported_at_once(write: Write) -> None:
    path = write("[check]\ntimeout = 0.0\n[connection]\nname = 7")

    assert message_of(path).splitlines() == [
        f"{path}: [connection] name is wrong: input should be a valid string",
        f"{path}: [check] timeout is wrong: input should be greater than 0",
    ]


def test_a_table_in_place_of_a_text_must_be_a_reference(write: Write) -> None:
    path = write("[[users]]\nemail = 'a@example.com'\npassword = { environment = 'X' }")

    assert message_of(path).splitlines() == [
        f"{path}: [[users]] number 1: password.env is missing",
        f"{path}: [[users]] number 1: password.environment is not a known key; known keys are env",
    ]


def test_a_number_in_place_of_a_text_may_be_either(write: Write) -> None:
    path = write("[[users]]\nemail = 'a@example.com'\npassword = 7")

    assert message_of(path) == (
        f"{path}: [[users]] number 1: password is wrong: input should be a valid string or must be a table"
    )


def test_no_message_quotes_a_value(write: Write) -> None:
    path = write("[[users]]\nemail = 'a@example.com'\npassword = ['s3cr3t-pass']")

    assert "s3cr3t" not in message_of(path)


def test_an_invalid_toml_file_is_an_error(write: Write) -> None:
    assert "is not TOML: " in message_of(write("[check\n"))


def test_a_binary_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "customdb.toml"
    path.write_bytes(b"\xff\xfe")

    assert "is not TOML: " in message_of(path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "customdb.toml"

    assert message_of(path) == f"{path} cannot be read: No such file or directory"


def test_nothing_of_a_module_runs_in_the_process_of_the_check(write: Write) -> None:
    path = write("""
        [database]
        python = "MODULE:Shop"
        [[users]]
        email = "ada@example.com"
        """)

    load_config(path).check()

    assert str(path.parent.resolve()) not in sys.path
    assert not [name for name in sys.modules if name.startswith("shop_of_config")]


def test_a_selection_shows_unknown_names() -> None:
    configuration = Configuration(waived={"no-such-rule": "why"})

    with pytest.raises(ConfigurationError, match="there is no rule 'no-such-rule'"):
        configuration.selection()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "[" * 20_000, "is nested too deeply"),
        ("a = " + "{ a = " * 20_000, "is nested too deeply"),
        ("[check]\ntimeout = " + "9" * 5_000, "is not TOML: Exceeds the limit"),
        ("a = " + "[" * 300 + "]" * 300, ": [a] is not a known key"),
    ],
)
def test_a_nested_or_huge_file_is_an_error_that_names_it(write: Callable[[str], Path], text: str, said: str) -> None:
    path = write(text)

    message = message_of(path)

    assert message.startswith(str(path))
    assert said in message


def test_users_have_the_values_of_the_file(write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEW_PASSWORD", "Aa1!-{unique}")
    configuration = load_config(
        write(
            """
            [connection]
            script_context = true
            [[users]]
            phone_number = "+4930123456"
            organization = "hotel"
            [new_user]
            password = { env = "NEW_PASSWORD" }
            phone_number = "+49{unique}"
            user_metadata = { accepted_terms = true }
            app_metadata = { plan = "free" }
            fields = { company = "Acme" }
            """
        )
    )

    assert configuration.users == (KnownUser(phone_number="+4930123456", organization="hotel"),)
    assert configuration.probing.new_user == NewUser(
        password="Aa1!-{unique}",
        phone_number="+49{unique}",
        user_metadata={"accepted_terms": True},
        app_metadata={"plan": "free"},
        fields={"company": "Acme"},
    )


@pytest.mark.parametrize("key", ["user_metadata", "app_metadata", "fields"])
def test_sign_up_fields_of_a_new_user_become_json(write: Callable[[str], Path], key: str) -> None:
    message = message_of(write(f"[new_user]\n{key} = {{ since = [2026-01-01] }}"))

    assert f"[new_user] {key} has a date or a time, which JSON does not have; write it as a string" in message


def test_an_expected_profile_may_be_nested(write: Callable[[str], Path]) -> None:
    nested = "[" * 300 + "]" * 300

    [user] = load_config(write(f"[[users]]\nemail = 'ada@example.com'\nprofile = {{ a = {nested} }}")).users

    assert "a" in user.profile


@pytest.mark.parametrize("text", ["tool = 7", "[tool]\ncustomdb-contract = 7", "[tool.other]"])
def test_a_project_file_without_the_table_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(ConfigurationError, match=r"there is no table \[tool.customdb-contract\]$"):
        load_config(path)
