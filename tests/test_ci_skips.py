"""CI fails if a test is skipped for a reason that is not allowed."""

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_python

CI = Path(__file__).parents[1] / ".ci"
SUITE = "SKIPPED [6] tests/test_databases_http_contract.py:1: not applicable: needs scripts in JavaScript"


def expect_no_other_skips(printed: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "log").write_text(printed, encoding="utf-8")
    declared = re.search(r"^ALLOWED_SKIPS=\(.*?^\)", (CI / "run").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert declared is not None
    script = f'set -euo pipefail; source "{CI}/skips.sh"\n{declared[0]}\nexpect_no_other_skips "{folder}/log"'
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "line",
    [
        "12 passed in 0.1s",
        SUITE,
        SUITE.replace("http_contract", "contract"),
        "SKIPPED [1] tests/test_node_hosts.py:129: there is no openssl on this machine: apt-get install openssl",
    ],
)
def test_an_expected_skip_is_no_failure(line: str, tmp_path: Path) -> None:
    ended = expect_no_other_skips(f"....\n{SUITE}\n{line}\n", tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    "line",
    [
        "SKIPPED [1] src/customdb_contract/testing/outcomes.py:45: not applicable: needs import mode on",
        "SKIPPED [2] tests/test_suite.py:1: not applicable: needs import mode on",
        "SKIPPED [2] tests/test_databases_http.py:1: not applicable: needs import mode on",
        f"SKIPPED [2] tests/test_suite.py:1: {SUITE}",
        SUITE.replace("not applicable", "deselected"),
        "SKIPPED [9] tests/sql_stores.py:179: there is no PostgreSQL on this machine: apt-get install postgresql",
    ],
)
def test_any_other_skip_fails_and_is_shown(line: str, tmp_path: Path) -> None:
    ended = expect_no_other_skips(f"....\n{SUITE}\n{line}\n", tmp_path)
    assert ended.returncode == 1
    assert ended.stderr == (
        f"Tests that must run were skipped (ALLOWED_SKIPS in .ci/run lists the exceptions):\n{line}\n"
    )
