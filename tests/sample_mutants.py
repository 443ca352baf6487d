"""Shows what the tests miss: `make mutants MODULE=…` changes a sample of places and runs the tests on each.

Cosmic Ray does this in a copy of the checkout, so no change is left behind.
"""

import argparse
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final

__all__ = ["main"]

ROOT: Final = Path(__file__).parent.parent
COPIED: Final = ("benchmarks", "docs", "examples", "src", "tests")
NOT_COPIED: Final = shutil.ignore_patterns("node_modules", "__pycache__", "_build", ".hypothesis")
CONFIGURATION: Final = """\
[cosmic-ray]
module-path = "{module}"
timeout = {timeout}
test-command = "{python} -m pytest -x -q -n 0 -p no:cacheprovider {tests}"

[cosmic-ray.distributor]
name = "local"
"""
UNNATURAL: Final = re.compile(
    r"core/Replace(BinaryOperator_BitOr_|ComparisonOperator_("
    r"Is_(?!IsNot$)|IsNot_(?!Is$)|Eq_(?!NotEq$)|NotEq_(?!Eq$)|(Lt|LtE|Gt|GtE|In|NotIn)_(Is|IsNot)$))"
)
"""Changes that no one makes by mistake and that reveal nothing about the tests: equality into an order, also of
enumerations, and of unions of types, which fail when the module is loaded."""
STARS: Final = re.compile(r"core/ReplaceBinaryOperator_(Mul|Pow)_")
"""Code that Cosmic Ray treats as a product or a power, including the star of a signature or a call."""


def main() -> None:
    """Print the surviving mutants of a random sample, and the size of the sample."""
    parser = argparse.ArgumentParser(prog="python tests/sample_mutants.py", description=__doc__)
    parser.add_argument("module", help="a file or folder, such as src/customdb_contract/rules/migration/_leaving.py")
    parser.add_argument("--tests", default="tests/rules", help="what pytest runs, quickest first; default: tests/rules")
    parser.add_argument("--sample", type=int, default=50, help="how many mutants; default: 50")
    parser.add_argument("--seed", type=int, default=0, help="each seed draws another sample; default: 0")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds that the tests may take; default: 120")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for entry in COPIED:
            shutil.copytree(ROOT / entry, folder / entry, ignore=NOT_COPIED)
        for file in (*ROOT.glob("*.md"), *ROOT.glob("*.toml")):
            shutil.copy(file, folder)
        configuration = CONFIGURATION.format(
            module=options.module, timeout=options.timeout, python=sys.executable, tests=options.tests
        )
        (folder / "sample.toml").write_text(configuration, encoding="utf-8")
        # If the tests fail without a change, every change would seem to be noticed.
        _run(folder, "cosmic-ray", "baseline", "sample.toml")
        _run(folder, "cosmic-ray", "init", "sample.toml", "sample.sqlite")
        _draw(folder / "sample.sqlite", options.sample, options.seed)
        _run(folder, "cosmic-ray", "exec", "sample.toml", "sample.sqlite")
        _run(folder, "cr-report", "--show-diff", "--surviving-only", "sample.sqlite")


def _run(folder: Path, command: str, *arguments: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([Path(sys.executable).with_name(command), *arguments], cwd=folder, env=environment, check=True)


def _draw(session: Path, size: int, seed: int) -> None:
    """Keep a random sample of a session's planned mutants."""
    with closing(sqlite3.connect(session)) as connection, connection:
        rows = connection.execute(
            "SELECT job_id, operator_name, module_path, start_pos_row, start_pos_col FROM mutation_specs "
            "ORDER BY module_path, operator_name, operator_args, occurrence"
        ).fetchall()
        natural = [job for job, operator, *place in rows if _is_natural(operator, session.parent, *place)]
        drawn = set(random.Random(seed).sample(natural, min(size, len(natural))))
        for table in ("mutation_specs", "work_items"):
            others = [(job,) for job, *_ in rows if job not in drawn]
            connection.executemany(f"DELETE FROM {table} WHERE job_id = ?", others)


def _is_natural(operator: str, folder: Path, module: str, row: int, column: int) -> bool:
    """Whether a person could make the change: most changes of a star in a signature are not valid Python."""
    if STARS.match(operator):
        line = (folder / module).read_text(encoding="utf-8").splitlines()[row - 1]
        # In formatted code, only an operator has a space after it, or an operand right before it.
        return re.match(r"\*\*? ", line[column:]) is not None or re.search(r"[\w)\]]$", line[:column]) is not None
    return UNNATURAL.search(operator) is None


if __name__ == "__main__":
    main()
