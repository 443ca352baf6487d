"""The cost of importing the library, compared with its dependencies."""

import os
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.timing import Measured, ratio

# Users have the bytecode, so it is written here too.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

_HELP = "import sys; sys.argv[1:] = ['--help']; from customdb_contract.__main__ import main; main()"
_HELP_OF_CHECK = _HELP.replace("['--help']", "['check', '--help']")


def _ran(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, env=_ENVIRONMENT, stdout=subprocess.DEVNULL)


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios of whole interpreters from start to end.

    Args:
        brief: Whether a rough result is enough.
    """
    repeat = 5 if brief else 25
    yield Measured(
        "import customdb_contract, in times of import attrs",
        ratio(lambda: _ran("import customdb_contract"), lambda: _ran("import attrs"), repeat=repeat),
        at_most=1.1,
    )
    yield Measured(
        "customdb-contract --help, in times of import argparse",
        ratio(lambda: _ran(_HELP), lambda: _ran("import argparse"), repeat=repeat),
        at_most=1.2,
    )
    yield Measured(
        "customdb-contract check --help, in times of import argparse",
        ratio(lambda: _ran(_HELP_OF_CHECK), lambda: _ran("import argparse"), repeat=repeat),
        at_most=3.0,
    )
    yield Measured(
        "from customdb_contract import check, in times of import pydantic, attrs",
        ratio(
            lambda: _ran("from customdb_contract import check"),
            lambda: _ran("import attrs, pydantic; pydantic.BaseModel"),
            repeat=repeat,
        ),
        at_most=1.2,
    )
