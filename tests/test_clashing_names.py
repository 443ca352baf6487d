"""Files of a team, beside the configuration, with the names of standard modules, such as `types.py`."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from customdb_contract.bridges.references import clashing_names
from customdb_contract.config import load_config
from customdb_contract.errors import ConfigurationError

SHOP = """
class Shop:
    def __init__(self, url=None):
        pass

    async def login(self, identifier, password):
        from customdb_contract import Found, WrongUsernameOrPasswordError
        if (identifier.lower(), password) != ("ada@example.com", "pass phrase"):
            raise WrongUsernameOrPasswordError(None, "no")
        return Found({"user_id": "7", "email": "ada@example.com", "email_verified": True})

    def get_user(self, identifier, callback):
        is_known = identifier.lower() == "ada@example.com"
        profile = {"user_id": "7", "email": "ada@example.com", "email_verified": True}
        callback(None, profile if is_known else None)


def look(identifier):
    return None


def restore(event, api):
    api.user.set_app_metadata("seen", True)
"""
CONFIG = """
[database]
python = "shop:Shop"
[outage]
python = "shop:Shop"
configuration = { url = "{fault_url}" }
[action]
python = "shop:restore"
[[users]]
email = "ada@example.com"
password = "pass phrase"
[check]
inspect = "shop:look"
hostile = false
"""
NEEDED = ("collections", "contextlib", "functools", "importlib", "keyword", "operator", "reprlib", "types", "warnings")
"""Modules that Python itself imports for `-m`, before the package runs; 3.12 and 3.13 need fewer of them."""

COMMANDS = {
    "installed": ([str(Path(sys.executable).parent / "customdb-contract")], ()),
    "as a module": ([sys.executable, "-m", "customdb_contract"], NEEDED),
    "as a module, safely": ([sys.executable, "-P", "-m", "customdb_contract"], ()),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP, "utf-8")
    (tmp_path / "customdb.toml").write_text(CONFIG, "utf-8")
    return tmp_path


def call(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.untraced
@pytest.mark.parametrize(("command", "needed"), COMMANDS.values(), ids=COMMANDS)
def test_no_file_is_imported_in_place_of_a_module_of_python(
    folder: Path, command: Sequence[str], needed: Sequence[str]
) -> None:
    """Neither in the command nor in the processes of a database or an Action: the report is the same as without."""
    expected = call([*command, "check", "--format", "json"], folder)
    for name in sys.stdlib_module_names.difference(needed):
        (folder / f"{name}.py").write_text(f"raise ImportError('{name} is the file of the team')", "utf-8")

    ran = call([*command, "check", "--format", "json"], folder)

    assert "is the file of the team" not in ran.stdout + ran.stderr
    assert (ran.returncode, ran.stderr) == (expected.returncode, expected.stderr)
    assert '"stop_reason": null' in ran.stdout


BROKEN = {
    "attribute": ("types:Shop", "", "types has no attribute 'Shop'"),
    "import": (
        "shop:Shop",
        "from types import Account",
        "shop cannot be imported from FOLDER: ImportError: cannot import",
    ),
    "opening": (
        "shop:make",
        "def make():\n    import types\n    return types.Shop()",
        "the database could not be opened: ",
    ),
}


@pytest.mark.parametrize(("reference", "source", "said"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_a_module_of_python_hides_is_named(
    tmp_path: Path, reference: str, source: str, said: str, request: pytest.FixtureRequest
) -> None:
    (tmp_path / "types.py").write_text("class Shop: ...\nclass Account: ...\n", "utf-8")
    (tmp_path / "shop.py").write_text(source, "utf-8")
    config = CONFIG.partition("[outage]")[0].replace("shop:Shop", reference)
    (tmp_path / "customdb.toml").write_text(config + "[[users]]\nemail = 'ada@example.com'\n", "utf-8")
    configuration = load_config(tmp_path / "customdb.toml")

    if request.node.callspec.id == "opening":
        stop = configuration.observe().header.stop_reason
        assert stop is not None
        reported = stop.message
    else:
        with pytest.raises(ConfigurationError) as raised:
            configuration.observe()
        reported = str(raised.value)

    assert said.replace("FOLDER", str(tmp_path)) in reported
    assert reported.endswith(
        f"; types.py in {tmp_path} has the name of a module of the standard library, "
        "so one hides the other: rename your file"
    )


@pytest.mark.parametrize(("reference", "source"), [("types:look", ""), ("shop:look", "from types import Account")])
def test_a_file_that_hides_a_module_from_the_inspection_is_named(tmp_path: Path, reference: str, source: str) -> None:
    (tmp_path / "types.py").write_text("Account = look = print\n", "utf-8")
    (tmp_path / "shop.py").write_text(source, "utf-8")
    (tmp_path / "customdb.toml").write_text(f"[check]\ninspect = '{reference}'\n", "utf-8")

    with pytest.raises(ConfigurationError, match=r"one hides the other: rename your file$"):
        load_config(tmp_path / "customdb.toml")


@pytest.mark.parametrize(
    ("reported", "said"),
    [
        ("no module named 'json.tool'; 'json' is not a package", "; json.py in FOLDER has the name of a module of"),
        (
            "'json' and 'email' and 'json'",
            "; json.py and email in FOLDER have the names of modules of the standard library, so",
        ),
        ("json and email are not quoted", ""),
        ("'shop' is the file of a team, and 'abc' no file at all", ""),
        ("", ""),
    ],
)
def test_only_files_in_a_message_are_named(tmp_path: Path, reported: str, said: str) -> None:
    for name in ("json.py", "shop.py"):
        (tmp_path / name).touch()
    (tmp_path / "email").mkdir()

    hint = clashing_names(tmp_path, reported)

    assert hint.startswith(said.replace("FOLDER", str(tmp_path)))
    assert bool(hint) is bool(said)
