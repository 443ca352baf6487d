"""The table `[audit]` of a configuration, and the errors for wrong contents."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from customdb_contract import Connection
from customdb_contract.audit import Columns, PythonProcessFunction
from customdb_contract.config.audit import AuditSettings, load_audit
from customdb_contract.errors import ConfigurationError
from customdb_contract.passwords import DjangoDigest, PlainDigest

pytestmark = pytest.mark.one_python

USER_ID = '[audit]\nsource = "users.csv"\nuser_id = "id"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def settings(folder: Path, text: str, source: str | None = None) -> AuditSettings:
    path = folder / "customdb.toml"
    path.write_text(text, encoding="utf-8")
    return load_audit(path, source)


def message_of(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        settings(folder, text)
    return str(error.value).replace(str(folder), "FOLDER")


def test_every_key_is_a_column(folder: Path) -> None:
    found = settings(
        folder,
        """
        [connection]
        import_mode = true
        requires_username = true

        [audit]
        source = "data/users.csv"
        user_id = "id"
        email = "mail"
        email_verified = "confirmed"
        username = "login"
        phone_number = "phone"
        phone_verified = "phone_ok"
        name = "full_name"
        nickname = "nick"
        given_name = "first"
        family_name = "last"
        picture = "avatar"
        blocked = "locked"
        user_metadata = "settings"
        mfa_factors = "factors"
        others = { department = "dept" }
        password_hash = "hash"
        password_salt = "salt"
        password_formats = ["bcrypt"]

        [audit.app_metadata]
        plan = "plan_code"
        """,
    )

    assert found.columns == Columns(
        user_id="id",
        email="mail",
        email_verified="confirmed",
        username="login",
        phone_number="phone",
        phone_verified="phone_ok",
        name="full_name",
        nickname="nick",
        given_name="first",
        family_name="last",
        picture="avatar",
        blocked="locked",
        user_metadata="settings",
        app_metadata={"plan": "plan_code"},
        mfa_factors="factors",
        others={"department": "dept"},
        password_hash="hash",
        password_salt="salt",
        password_formats=("bcrypt",),
    )
    assert found.source.reveal() == str(folder / "data/users.csv")
    assert found.query is None
    assert found.connection == Connection(import_mode=True, requires_username=True)


def test_a_url_is_taken_as_it_is_and_a_given_source_too(folder: Path) -> None:
    url = "postgresql://reader@db.example.com/shop"

    found = settings(folder, f'[audit]\nsource = "{url}"\nquery = "select * from users"\nuser_id = "id"\n')
    given = settings(folder, USER_ID, "other.csv")

    assert (found.source.reveal(), found.query) == (url, "select * from users")
    assert given.source.reveal() == "other.csv"


@pytest.mark.parametrize(
    ("given", "where", "source", "query"),
    [
        ("users.csv", 'table = "users"', "users.csv", None),
        ("users.csv", 'query = "select 1"', "users.csv", None),
        ("postgresql://b/shop", 'table = "users"', "postgresql://b/shop?table=users", None),
        ("postgresql://b/shop", 'query = "select 1"', "postgresql://b/shop", "select 1"),
        ("postgresql://b/shop?x=1&table=people", 'table = "users"', "postgresql://b/shop?x=1&table=people", None),
        ("postgresql://b/shop?table=people", 'query = "select 1"', "postgresql://b/shop?table=people", None),
    ],
)
def test_a_given_source_that_is_whole_takes_no_table_from_the_file(
    folder: Path, given: str, where: str, source: str, query: str | None
) -> None:
    found = settings(folder, f'[audit]\nsource = "postgresql://a/shop"\n{where}\nuser_id = "id"\n', given)

    assert (found.source.reveal(), found.query) == (source, query)


@pytest.mark.parametrize(
    ("source", "table", "url"),
    [
        ("postgresql://db/shop", "users", "postgresql://db/shop?table=users"),
        ("postgresql://db/shop?sslmode=require", "app.users", "postgresql://db/shop?sslmode=require&table=app.users"),
        ("duckdb:///shop.duckdb#x", "a b&c", "duckdb:///shop.duckdb?table=a%20b%26c#x"),
    ],
)
def test_a_table_is_a_part_of_the_url(folder: Path, source: str, table: str, url: str) -> None:
    found = settings(folder, f'[audit]\nsource = "{source}"\ntable = "{table}"\nuser_id = "id"\n')

    assert found.source.reveal() == url


def test_a_url_from_the_environment_is_shown_nowhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERS_URL", "postgresql://reader:s3cr3t@db/shop")

    found = settings(folder, '[audit]\nsource = { env = "USERS_URL" }\nuser_id = "id"\n')

    assert found.source.reveal() == "postgresql://reader:s3cr3t@db/shop"
    assert "s3cr3t" not in repr(found)


def test_a_function_makes_profiles_in_a_process_of_its_own(folder: Path) -> None:
    text = f'{USER_ID}email = "mail"\npython = "shop.no_such_module:profile_of"\nenvironment = ["SHOP_REGION"]\n'

    assert settings(folder, text).columns == Columns(
        user_id="id",
        email="mail",
        profile_of=PythonProcessFunction("shop.no_such_module:profile_of", folder=folder, environment=["SHOP_REGION"]),
    )


def test_formats_are_named_or_referred_to(folder: Path) -> None:
    (folder / "audit_formats_a.py").write_text(
        "from customdb_contract.passwords import DjangoDigest, PlainDigest\n"
        "ONE = DjangoDigest()\nMORE = [PlainDigest('md5')]\nWRONG = [7]\n"
    )

    found = settings(folder, f'{USER_ID}password_formats = ["bcrypt", "audit_formats_a:ONE", "audit_formats_a:MORE"]\n')

    assert found.columns.password_formats == ("bcrypt", DjangoDigest(), PlainDigest("md5"))
    for name in ("WRONG", "DjangoDigest"):
        assert message_of(folder, f'{USER_ID}password_formats = ["audit_formats_a:{name}"]\n') == (
            f"FOLDER/customdb.toml: [audit] password_formats: audit_formats_a:{name} must be a format of "
            "customdb_contract.passwords, or a list of them"
        )


@pytest.mark.parametrize(
    ("said", "import_mode", "requires_username"),
    [("", True, False), ("requires_username = true", True, True), ("import_mode = false", False, False)],
)
def test_the_export_fills_in_settings_missing_from_the_file(
    folder: Path, said: str, import_mode: bool, requires_username: bool
) -> None:
    scripts = folder / "scripts"
    scripts.mkdir()
    (scripts / "login.js").write_text("function login(email, password, callback) { callback(null, null); }\n")
    options = {"enabledDatabaseCustomization": True, "import_mode": True, "customScripts": {"login": "./login.js"}}
    (scripts / "database.json").write_text(json.dumps({"name": "shop", "strategy": "auth0", "options": options}))

    found = settings(folder, f'[connection]\n{said}\n[database]\nscripts = "scripts"\n{USER_ID}')

    assert found.connection.import_mode is import_mode
    assert found.connection.requires_username is requires_username


def test_a_complete_file_needs_no_scripts(folder: Path) -> None:
    both = "[connection]\nimport_mode = true\nrequires_username = false\n[database]\nscripts = 'nowhere'\n"

    assert settings(folder, f"{both}{USER_ID}").connection == Connection(import_mode=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[check]\n",
            (
                "there is no table [audit], which maps the columns of your users: "
                "`customdb-contract init --audit SOURCE` proposes one"
            ),
        ),
        (
            f'{USER_ID}table = "users"\nquery = "select 1"\n',
            "[audit] has both table and query: give only the one with the users",
        ),
        (
            f'{USER_ID}table = "users"\n',
            "[audit] table is for databases, but the source is a file: leave it out",
        ),
        (
            '[audit]\nuser_id = "id"\n',
            (
                "[audit] source is missing: give the path of a file or the URL of a database, or name it on the command"
                " line: customdb-contract audit SOURCE"
            ),
        ),
        (
            '[audit]\nsource = { env = "NOT_SET_HERE" }\nuser_id = "id"\n',
            "[audit] source: the environment variable NOT_SET_HERE is not set",
        ),
        ('[audit]\nsource = "users.csv"\n', "[audit] user_id is missing"),
        (f"{USER_ID}user_id_column = 'x'\n", "[audit] user_id_column is not a known key; did you mean user_id?"),
        (
            f"{USER_ID}app_metadata = 7\n",
            "[audit] app_metadata is wrong: input should be a valid string or must be a table",
        ),
        (
            f"{USER_ID}app_metadata = {{ plan = 7 }}\n",
            "[audit] app_metadata.plan is wrong: input should be a valid string",
        ),
        (f"{USER_ID}email = ['mail']\n", "[audit] email is wrong: input should be a valid string"),
        (
            f'{USER_ID}nickname = "nick"\nname = "full"\nusername = "login"\npython = "shop:profile_of"\n',
            "[audit] has python, which returns the whole profile: leave out name, nickname",
        ),
        (
            f'{USER_ID}python = "profile_of"\n',
            (
                "[audit] python: 'profile_of' is not a reference to a Python object; write module:attribute, such as "
                "shop.legacy:database"
            ),
        ),
        (
            f'{USER_ID}environment = ["SHOP_REGION"]\n',
            "[audit] environment is for the function that python names: leave it out",
        ),
        (
            f"[database]\nscripts = 'nowhere'\n{USER_ID}",
            (
                "[database] FOLDER/nowhere is not a folder: give one with login.js, get_user.js and so on, or a YAML "
                "file, as the Deploy CLI exports them"
            ),
        ),
        (
            f"[database]\nscripts = 'nowhere'\nkeywords = {{ KEY = {{ env = 'NOT_SET_HERE' }} }}\n{USER_ID}",
            "[database] keywords.KEY: the environment variable NOT_SET_HERE is not set",
        ),
    ],
)
def test_errors_name_file_and_key(folder: Path, text: str, message: str) -> None:
    assert message_of(folder, text) == f"FOLDER/customdb.toml: {message}"


def test_a_check_does_not_pay_for_the_audit() -> None:
    code = "import sys, customdb_contract.config; print('customdb_contract.audit' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
