"""The table "To add … touch …" of ARCHITECTURE.md is true: additions to a copy of the package work."""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

import customdb_contract

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = Path(customdb_contract.__file__).parent
ROWS: Final = dict(
    re.findall(r"^\| (an? [^|]+?) \| (.+) \|$", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.MULTILINE)
)

SHOP: Final = """\
from customdb_contract import Found, NotFound, WrongUsernameOrPasswordError

ADA = {"user_id": "7", "email": "ada@example.com", "nickname": "left-handed"}


class Shop:
    def get_user(self, identifier):
        return Found(ADA) if identifier.lower() == "ada@example.com" else NotFound()

    def login(self, identifier, password):
        if identifier.lower() != "ada@example.com" or password != "Analytical Engine":
            raise WrongUsernameOrPasswordError(identifier, "wrong e-mail or password")
        return Found(ADA)
"""
CONFIGURATION: Final = """\
[database]
python = "new_shop:Shop"

[[users]]
email = "ada@example.com"
password = "Analytical Engine"
"""
TRANSCRIPT: Final = """\
person ada email=ada@example.com
get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "nickname": "left-handed"}
"""

RULE: Final = '''

from collections.abc import Iterator

from customdb_contract._pages import PROFILE_STRUCTURE
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.transcript import Transcript


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=PROFILE_STRUCTURE)
def left_handed_nickname(transcript: Transcript) -> Iterator[Comparison]:
    """A nickname says that its owner is left-handed.

    ## Why this matters

    It is nobody's business.

    ## Violates

        get_user ada@example.com -> found {"user_id": "7", "nickname": "left-handed"}

    ## Conforms

        get_user ada@example.com -> found {"user_id": "7", "nickname": "ada"}

    ## How to fix

    Keep it to yourself.
    """
    for exchange in transcript.judged:
        if exchange.profile is not None:
            if exchange.profile.get("nickname") == "left-handed":
                yield Violation("the nickname is left-handed", (exchange,), path="nickname")
            else:
                yield Held((exchange,))
'''
FORMAT: Final = '''\
"""The verdicts, one a line."""

__all__ = ["render", "render_all"]


def render(report):
    return "".join(f"{verdict.rule.name}: {verdict.status}\\n" for verdict in report.verdicts)


def render_all(reports):
    return "".join(map(render, reports))
'''
PLANNED: Final = '''

def plan_title_case(truth: Truth, scripts: Sequence[Script]) -> Iterator[PlannedCall]:
    """Plan get_user for each person by the e-mail with a capital."""
    for person in truth.people:
        yield PlannedCall(Script.GET_USER, (person.identifiers[0].title(),), person.label, Situation.TITLE_CASE)
'''


class Copy:
    """A copy of the package.

    Args:
        folder: The folder that contains it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / SOURCE.name
        shutil.copytree(SOURCE, self.package, ignore=shutil.ignore_patterns("__pycache__"))

    def edit(self, path: str, *, after: str = "", add: str) -> None:
        """Add text to a file after some other text, or at its end."""
        file = self.package / path
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        assert text.count(after) == 1 or not after, (path, after)
        head, tail = (text, "") if not after else text.split(after)
        file.write_text(f"{head}{after}{add}{tail}", encoding="utf-8")

    def touched(self) -> set[str]:
        """Return the files that differ from the package."""
        return set(_differing(filecmp.dircmp(SOURCE, self.package, ignore=["__pycache__"])))

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Python, which imports the copy."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": ""},
            capture_output=True,
            text=True,
            check=False,
        )

    def command(self, *words: str, code: int = 0) -> str:
        """Run the command line of the copy, and return what it prints."""
        ran = self.python("-m", "customdb_contract", *words)
        assert (ran.returncode, ran.stderr) == (code, ""), (ran.stdout, ran.stderr)
        return ran.stdout


def _differing(compared: filecmp.dircmp[str], below: str = "") -> Iterator[str]:
    for name in (*compared.right_only, *compared.diff_files, *compared.left_only, *compared.funny_files):
        yield f"{below}{name}"
    for name, inner in compared.subdirs.items():
        yield from _differing(inner, f"{below}{name}/")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    made = Copy(tmp_path_factory.mktemp("copy"))
    (made.folder / "new_shop.py").write_text(SHOP, encoding="utf-8")
    (made.folder / "customdb.toml").write_text(CONFIGURATION, encoding="utf-8")
    (made.folder / "transcript.txt").write_text(TRANSCRIPT, encoding="utf-8")
    return made


def places_of(what: str) -> Sequence[re.Pattern[str]]:
    """Return the files that the table names for an addition, as path patterns in the package."""
    named = re.findall(r"`([a-z_]+/[\w/<>.]*)`", ROWS[what])
    return [
        re.compile(re.sub(r"\\?<\w+\\?>", r"\\w+", re.escape(path)) + ("" if path.endswith(".py") else "/?.*"))
        for path in named
    ]


def expect_nothing_else_was_touched(what: str, touched: set[str]) -> None:
    places = places_of(what)
    assert {path for path in touched if not any(place.fullmatch(path) for place in places)} == set()
    assert [place.pattern for place in places if not any(map(place.fullmatch, touched))] == []


def test_a_rule(copy: Copy) -> None:
    before = copy.touched()
    copy.edit("rules/profile/_shape.py", add=RULE)

    expect_nothing_else_was_touched("a rule", copy.touched() - before)
    assert copy.command("rules", "left-handed-nickname").startswith("left-handed-nickname\n====")
    assert "error  left-handed-nickname\n" in copy.command("replay", "transcript.txt", code=1)
    sarif = json.loads(copy.command("check", "--select", "left-handed-nickname", "--format", "sarif", code=1))
    [run] = sarif["runs"]
    assert {result["ruleId"] for result in run["results"]} == {"left-handed-nickname"}
    assert "left-handed-nickname" in {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    pages = "from rule_pages import write_rule_pages; import pathlib; write_rule_pages(pathlib.Path('pages'))"
    written = copy.python("-c", f"import sys; sys.path.append({str(ROOT / 'docs')!r}); {pages}")
    assert written.returncode == 0, written.stderr
    assert (copy.folder / "pages" / "left-handed-nickname.md").read_text(encoding="utf-8").startswith("# left-handed")


def test_an_output_format(copy: Copy) -> None:
    before = copy.touched()
    copy.edit("reports/as_verdicts.py", add=FORMAT)
    copy.edit(
        "reports/__init__.py",
        after='    "html": "customdb_contract.reports.as_html",\n',
        add='    "verdicts": "customdb_contract.reports.as_verdicts",\n',
    )

    expect_nothing_else_was_touched("an output format", copy.touched() - before)
    chosen = ("--select", "missing-user-id")
    assert "missing-user-id: passed\n" in copy.command("replay", "transcript.txt", *chosen, "--format", "verdicts")
    copy.command("check", *chosen, "--report", "verdicts:verdicts.txt")
    assert "missing-user-id: passed\n" in (copy.folder / "verdicts.txt").read_text(encoding="utf-8")
    run = copy.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "--help")
    assert "github, html or verdicts; can be repeated" in " ".join(run.stdout.split()), run.stderr


def test_a_situation(copy: Copy) -> None:
    before = copy.touched()
    copy.edit(
        "transcript/_exchange.py",
        after='    LOWER_CASE = "other-spelling: lower-case"\n',
        add='    TITLE_CASE = "other-spelling: title-case"\n',
    )
    copy.edit("probes/circumstances.py", add=PLANNED)
    copy.edit("probes/_probe.py", after="import plan_circumstances, plan_organization", add=", plan_title_case")
    copy.edit(
        "probes/_probe.py",
        after="    yield from plan_other_spellings(truth, scripts)\n",
        add="    yield from plan_title_case(truth, scripts)\n",
    )

    expect_nothing_else_was_touched("a situation", copy.touched() - before)
    call = "get_user Ada@Example.Com"
    assert f"{call}   [other-spelling: title-case]\n" in copy.command("check", "--dry-run")
    copy.command("check", "--select", "missing-user-id", "--transcript", "stored.json")
    stored = json.loads((copy.folder / "stored.json").read_text(encoding="utf-8"))
    assert "other-spelling: title-case" in {record.get("situation") for record in stored["records"]}
    assert copy.command("replay", "stored.json", "--select", "missing-user-id").startswith("ok")
