"""`[check] inspect`: records are read by SQL, by a command that prints JSON, or by a function."""

import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy

from customdb_contract.config import Configuration, load_config
from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import Secret, SecretKind, SecretRef

BY_SQL = """
[check.inspect]
sql = "SELECT id, password FROM users WHERE email = :identifier"
url = { env = "STORE_URL" }
"""


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Configuration]:
    store = tmp_path / "store.sqlite3"
    connection = sqlite3.connect(store)
    connection.execute("CREATE TABLE users (id, email, password)")
    rows = [(7, "ada@example.com", b"\x00"), (8, "bob@example.com", "x"), (9, "bob@example.com", "y")]
    connection.executemany("INSERT INTO users VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()
    monkeypatch.setenv("STORE_URL", f"sqlite:///{store}")

    def load_text(text: str) -> Configuration:
        path = tmp_path / "customdb.toml"
        path.write_text(text, "utf-8")
        return load_config(path)

    return load_text


def inspected(configuration: Configuration, identifier: str) -> object:
    assert configuration.probing.inspect is not None
    return configuration.probing.inspect(identifier)


def test_without_the_table_no_record_is_inspected(load: Callable[[str], Configuration]) -> None:
    assert load("").probing.inspect is None


def test_sql_returns_the_row_of_a_user(load: Callable[[str], Configuration]) -> None:
    configuration = load(BY_SQL)

    assert inspected(configuration, "ada@example.com") == {"id": 7, "password": b"\x00"}
    assert inspected(configuration, "nobody' OR 1=1 --") is None
    with pytest.raises(ConfigurationError, match=r"^sql found several rows$"):
        inspected(configuration, "bob@example.com")


def test_the_password_of_an_address_is_a_secret(
    load: Callable[[str], Configuration], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(BY_SQL).probing.secrets == {}
    url = sqlalchemy.make_url("postgresql://somebody:s3cret-word@localhost/shop")
    # No driver is needed to see what is stored of the URL.
    monkeypatch.setattr(sqlalchemy, "create_engine", lambda *_, **__: SimpleNamespace(url=url))
    [(label, secret)] = load(BY_SQL).probing.secrets.items()

    assert secret == Secret("s3cret-word")
    assert SecretRef.parse(label) == SecretRef(SecretKind.CONFIGURATION, "inspect")


def by_command(code: str, *arguments: str) -> str:
    return f"[check]\ninspect = {{ command = {json.dumps([sys.executable, '-c', code, *arguments])} }}"


def test_a_command_prints_the_record_of_a_user(load: Callable[[str], Configuration], tmp_path: Path) -> None:
    code = "import json, os, sys; print(json.dumps({'id': sys.argv[1], 'in': os.getcwd()}))"

    assert inspected(load(by_command(code, "of={identifier}")), "-x; ada") == {"id": "of=-x; ada", "in": str(tmp_path)}


@pytest.mark.parametrize("code", ["", "print('null')"])
def test_a_command_that_prints_nothing_finds_no_user(load: Callable[[str], Configuration], code: str) -> None:
    assert inspected(load(by_command(code, "{identifier}")), "ada") is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print(7)", "must print a JSON object, or null$"),
        ("print('no JSON')", "must print a JSON object, or null$"),
        ("print('[' * 100_000)", "must print a JSON object, or null$"),
        ("exit('no store')", "ended with exit code 1: no store$"),
        ("exit(3)", "ended with exit code 3$"),
    ],
)
def test_a_failing_command_is_an_error(load: Callable[[str], Configuration], code: str, said: str) -> None:
    configuration = load(by_command(code, "{identifier}"))

    with pytest.raises(ConfigurationError, match=said):
        inspected(configuration, "ada")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "[check] inspect must have sql and url, or command, or be a"),
        ('sql = "SELECT 1 WHERE :identifier"', "[check] inspect must have sql and url, or command, or be a"),
        ('url = "sqlite://"', "[check] inspect must have sql and url, or command, or be a"),
        ('sql = ":identifier"\nurl = "a"\ncommand = []', "[check] inspect must have sql and url, or command, or be a"),
        ('sql = "SELECT x::identifier"\nurl = "sqlite://"', "[check] inspect: sql must contain :identifier, the"),
        ('sql = ":identifier"\nurl = "s3cret"', "[check] inspect: url cannot be used: ArgumentError; give a URL"),
        (
            'sql = ":identifier"\nurl = "nodriver://x"',
            "inspect: url cannot be used: NoSuchModuleError; give a",
        ),
        ('sql = ":identifier"\nurl = { env = "UNSET_URL" }', "[check] inspect.url: the environment variable UNSET_URL"),
        (
            'python = "a:b"\ncommand = ["a", "{identifier}"]',
            "[check] inspect must have sql and url, or command, or be a",
        ),
        ("command = []", "[check] inspect: command must be a program with {identifier} in one of its arguments"),
        ('command = ["{identifier}"]', "[check] inspect: command must be a program with {identifier} in one of its"),
        ("sqll = 1", "[check] inspect.sqll is not a known key; did you mean sql?"),
    ],
)
def test_the_error_states_what_is_wrong(load: Callable[[str], Configuration], table: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(f"[check.inspect]\n{table}")

    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


LOOKING = """
import store_of_the_shop

def look(identifier):
    import late_store_of_the_shop
    return store_of_the_shop.RECORDS.get(identifier) or late_store_of_the_shop.RECORDS.get(identifier)

class Store:
    @staticmethod
    def look(identifier):
        return [identifier]

async def look_later(identifier): ...

RECORDS = {}
"""


@pytest.fixture
def load_function(
    load: Callable[[str], Configuration], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Configuration]:
    for name, text in (
        ("looking_into_the_shop", LOOKING),
        ("store_of_the_shop", "RECORDS = {'ada': {'id': 7}}"),
        ("late_store_of_the_shop", "RECORDS = {'bob': {'id': 8}}"),
        ("broken_shop", "raise RuntimeError('no store')"),
        ("ending_shop", "exit('no store')"),
    ):
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
        # Each test has a folder of its own.
        monkeypatch.delitem(sys.modules, name, raising=False)
    return lambda reference: load(f'[check]\ninspect = "{reference}"')


def test_a_function_returns_the_record_of_a_user(load_function: Callable[[str], Configuration], tmp_path: Path) -> None:
    configuration = load_function("looking_into_the_shop:look")

    assert [inspected(configuration, name) for name in ("ada", "bob", "nobody")] == [{"id": 7}, {"id": 8}, None]
    assert str(tmp_path) not in sys.path


def test_a_function_may_be_given_in_the_table(
    load_function: Callable[[str], Configuration], load: Callable[[str], Configuration]
) -> None:
    assert load_function("looking_into_the_shop:look").probing.inspect is not None
    assert inspected(load('[check.inspect]\npython = "looking_into_the_shop:look"'), "ada") == {"id": 7}


def test_a_function_that_returns_no_record_is_an_error(load_function: Callable[[str], Configuration]) -> None:
    configuration = load_function("looking_into_the_shop:Store.look")

    with pytest.raises(
        ConfigurationError,
        match=r"^looking_into_the_shop:Store.look must return a mapping or None, got list$",
    ):
        inspected(configuration, "ada")


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (
            "looking_into_the_shop",
            "'looking_into_the_shop' is not a reference to a Python object; write module:attribute,",
        ),
        ("looking_into_the_shop:lock", "looking_into_the_shop has no lock; did you mean look?"),
        ("looking_into_the_shop:Store.lock", "looking_into_the_shop has no Store.lock"),
        ("looking_into_the_shop:RECORDS", "looking_into_the_shop:RECORDS must be a plain function, which takes an"),
        ("looking_into_the_shop:look_later", "looking_into_the_shop:look_later must be a plain function, which takes"),
        (
            "no_such_shop:look",
            "no_such_shop:look cannot be imported from {folder}: ModuleNotFoundError: No module named",
        ),
        ("broken_shop:look", "broken_shop:look cannot be imported from {folder}: RuntimeError: no store"),
        ("ending_shop:look", "ending_shop:look cannot be imported from {folder}: SystemExit: no store"),
    ],
)
def test_a_missing_function_is_named(
    load_function: Callable[[str], Configuration], tmp_path: Path, reference: str, said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_function(reference)

    assert f"[check] inspect: {said.format(folder=tmp_path)}" in str(caught.value)
    assert str(tmp_path) not in sys.path


def test_without_sqlalchemy_the_extra_is_named(
    load: Callable[[str], Configuration], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'customdb-contract\[sql\]'$"):
        load(BY_SQL)
