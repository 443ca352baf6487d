"""The cost of the pytest plugin, in a run with a contract suite and in one without."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.timing import Measured, ratio
from customdb_contract.rules import CATALOGUE

_SUITE: Final = """
import pytest

from customdb_contract import Failed, Found, KnownUser, NotFound, WrongUsernameOrPasswordError
from customdb_contract.testing import ContractSuite

PASSWORDS = {f"p{number}@example.com": f"Secret word {number}" for number in range(2)}


class InMemory:
    def login(self, identifier, password):
        if PASSWORDS.get(identifier) != password:
            return Failed(WrongUsernameOrPasswordError(None, "no"))
        return self.get_user(identifier)

    def get_user(self, identifier):
        if identifier not in PASSWORDS:
            return NotFound()
        return Found({"user_id": f"shop-{identifier[1]}", "email": identifier, "email_verified": True})


class TestInMemory(ContractSuite):
    @pytest.fixture
    def database(self):
        return InMemory()

    @pytest.fixture
    def users(self):
        return [KnownUser(email=email, password=password) for email, password in PASSWORDS.items()]
"""
_EMPTY: Final = f"""
import pytest


class TestEmpty:
    @pytest.mark.parametrize("number", range({len(CATALOGUE)}))
    def test_nothing(self, number):
        pass
"""
# Users have the bytecode, so it is written here too; other plugins are not measured.
_ENVIRONMENT: Final = {
    name: value
    for name, value in (os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}).items()
    if name != "PYTHONDONTWRITEBYTECODE"
}
_OURS: Final = ("-p", "customdb_contract._pytest_plugin")


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios of whole pytest processes from start to end.

    Args:
        brief: Whether a rough result is enough.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("test_suite.py", _SUITE), ("test_empty.py", _EMPTY)):
            (Path(folder) / name).write_text(text, encoding="utf-8")
        ran = partial(_ran, folder)
        yield Measured(
            "a contract suite over an in-memory database, in times of as many empty items",
            ratio(
                partial(ran, *_OURS, "test_suite.py"),
                partial(ran, "test_empty.py"),
                number=1,
                repeat=2 if brief else 15,
            ),
            at_most=3.0,
        )
        yield Measured(
            "pytest --collect-only with the plugin and no contract, in times of pytest without it",
            ratio(
                partial(ran, *_OURS, "--collect-only", "test_empty.py"),
                partial(ran, "--collect-only", "test_empty.py"),
                repeat=3 if brief else 40,
            ),
            at_most=1.05,
        )


def _ran(folder: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    subprocess.run(command, cwd=folder, env=_ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
