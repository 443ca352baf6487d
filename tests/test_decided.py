"""Changed findings are noticed, and approval texts of removed tests are an error."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

import decided
from customdb_contract.rules import find_rule
from decided import compare, findings_of, verdicts_of
from rules.judging import report_on, verdict

pytestmark = pytest.mark.one_python

TESTS = Path(__file__).parent
DECIDED = sorted(TESTS.glob("**/decided/*.txt"))
FOUND = ["a: failed, held 0", "  error of login: no"]


@pytest.fixture(autouse=True)
def only_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decided, "WRITES", False)


def item(folder: Path, name: str = "test_x[1]") -> Any:
    return SimpleNamespace(path=folder / "test_shop.py", name=name)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with monkeypatch.context() as context:
        context.setattr(decided, "WRITES", True)
        for name in ("test_y", "test_x[1]", "test_x[0]"):
            compare(item(tmp_path, name), FOUND if name == "test_x[1]" else ["b: crashed, held 0"])
    return tmp_path


def test_each_case_is_written_below_its_name(written: Path) -> None:
    assert (written / "decided" / "shop.txt").read_text(encoding="utf-8") == (
        "test_x[0]\n  b: crashed, held 0\n"
        "test_x[1]\n  a: failed, held 0\n    error of login: no\n"
        "test_y\n  b: crashed, held 0\n"
    )
    compare(item(written), FOUND)


@pytest.mark.parametrize(
    ("name", "found"),
    [("test_x[1]", FOUND[:1]), ("test_x[1]", [*FOUND, "more"]), ("test_x[1]", []), ("test_x[2]", FOUND)],
)
def test_another_finding_and_a_new_case_fail(written: Path, name: str, found: list[str]) -> None:
    with pytest.raises(pytest.fail.Exception, match=re.escape("Where this is meant, `make decided` writes shop.txt")):
        compare(item(written, name), found)


BREACH = """\
person ada email=ada@example.com
get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"a.b": 1}}
"""


def test_a_rules_texts_are_complete() -> None:
    rule = find_rule("invalid-metadata-key")
    others = ["user-id-not-a-string", "unstable-user-id"]
    verdicts = [verdict(one, BREACH) for one in (rule, *map(find_rule, others))]

    assert list(verdicts_of(verdicts)) == [
        "invalid-metadata-key: failed, held 0",
        "  error of get_user: get_user returned the metadata field app_metadata.a.b; names must not contain . or $",
        "    path app_metadata.a.b, proven by 1",
        "unstable-user-id: not-applicable, held 0, the check recorded nothing that this rule judges",
        "held: user-id-not-a-string 1",
    ]


def test_values_that_differ_between_runs_are_omitted() -> None:
    lines = list(findings_of(report_on(BREACH.replace("a.b", f"a.{uuid4()}"), [find_rule("invalid-metadata-key")])))

    assert lines == [
        "invalid-metadata-key: failed",
        "  error of get_user: get_user returned the metadata field app_metadata.a.…; names must not contain . or $",
        "    path app_metadata.a.…",
    ]


@pytest.mark.parametrize("file", DECIDED, ids=lambda file: str(file.relative_to(TESTS)))
def test_approval_texts_of_removed_tests_are_an_error(file: Path) -> None:
    source = (file.parents[1] / f"test_{file.stem}.py").read_text(encoding="utf-8")
    names = re.findall(r"^(\w+)", file.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert names
    assert set(names) <= set(re.findall(r"^ *def (\w+)", source, flags=re.MULTILINE))
