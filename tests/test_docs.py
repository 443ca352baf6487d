import builtins
import contextlib
import json
import re
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from runpy import run_path
from typing import get_args, get_origin

import attrs
import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from customdb_contract._cli import main
from customdb_contract.audit import AUDITED
from customdb_contract.config._tables import TABLES, FromEnvironment, InspectTable, LegacyTable, ResponseTable
from customdb_contract.contract import Script
from customdb_contract.findings import Group
from customdb_contract.rehearsal import SCENARIOS
from customdb_contract.rules import CATALOGUE, RETIRED
from customdb_contract.tenant import Knobs
from documented import run_page

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path
    for path in (ROOT / "docs").rglob("*.md")
    if path.parent.name not in {"rules", "lives", "scripts"}
    and path.name not in {"systems.md", "audited-users.md"}
    and "_build" not in path.relative_to(ROOT).parts
)


LIFE_PAGES = {"operations.md", "sequences.md", "conflicts.md"}

EXAMPLE = re.compile(r"^```(?:python|toml|javascript|diff|console|text|yaml)$", flags=re.MULTILINE)
PAGES_WITH_EXAMPLES = [page for page in PAGES if EXAMPLE.search(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", PAGES_WITH_EXAMPLES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_example_of_a_page_runs_and_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert run_page(text, page, tmp_path) == len(EXAMPLE.findall(text))


def test_the_glossary_is_sorted_and_defines_each_term() -> None:
    page = (ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")
    entries = re.findall(r"^([A-Za-z][^\n]*)\n  \S", page.partition("```{glossary}\n")[2], flags=re.MULTILINE)

    assert {"connection", "finding", "identity", "import mode", "lazy migration", "profile", "transcript"} <= {*entries}
    assert entries == sorted(entries, key=str.lower)


def test_the_tutorial_ends_with_the_file_its_changes_produce(tmp_path: Path) -> None:
    page = ROOT / "docs" / "tutorial.md"
    text = re.sub(r"^```console\n.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    changes, _, shown = text.rpartition("```python\n# shop.py\n")

    run_page(changes, page, tmp_path)

    whole = shown.partition("```")[0].replace("n=2**14", "n=2**4")
    assert (tmp_path / "shop.py").read_text(encoding="utf-8") == f"# shop.py\n{whole}"


@pytest.mark.parametrize(
    "examples",
    [
        "```python\nprint(7)\n```\n\n```text\n8\n```\n",
        "```python\nprint(7)\n```\n\n```text\n…8\n```\n",
        "```python\nprint(7)\n```\n\n```text\n7\n8\n```\n",
        "```python\nprint(7)\n```\n\nMeanwhile.\n\n```text\n7\n```\n",
        "```python\nassert False\n```\n",
        "```console\n$ customdb-contract rules unstable-user-id\nnot this\n```\n",
        "```console\n$ echo $?\n1\n```\n",
        "```toml\n# customdb.toml\n[check]\n```\n\n```diff\n--- customdb.toml\n+++ customdb.toml\n@@\n-[users]\n```\n",
        "```yaml\nsteps: []\n```\n",
        "```yaml\n- run: pytest --customdb-reports json:x\n```\n",
    ],
)
def test_a_page_that_shows_something_else_fails(examples: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        run_page(examples, tmp_path / "page.md", tmp_path)


def test_a_page_with_an_invalid_configuration_fails(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        run_page("```toml\n[check]\nfail_onn = 1\n```\n", tmp_path / "page.md", tmp_path)


def test_a_page_with_an_invalid_command_fails(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        run_page("```yaml\n- run: customdb-contract check --outputs x\n```\n", tmp_path / "page.md", tmp_path)


def test_the_page_on_repairs_has_every_requirement_and_every_rule_about_actions() -> None:
    page = (ROOT / "docs" / "explanation" / "what-a-repair-must-do.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if re.match(r"\| R\d", line)]
    linked = set(re.findall(r"\]\(\.\./reference/rules/([a-z-]+)\.md\)", "".join(row[-1] for row in rows)))
    names = {rule.info.name for rule in CATALOGUE}

    assert [row[0] for row in rows] == [f"| R{number}" for number in range(1, 20)]
    assert linked <= names
    assert {rule.info.name for rule in CATALOGUE if rule.info.group is Group.ACTION} <= linked


def test_the_page_on_ci_shows_the_test_that_init_writes() -> None:
    page = (ROOT / "docs" / "how-to" / "run-in-ci.md").read_text(encoding="utf-8")
    template = ROOT / "src" / "customdb_contract" / "templates" / "test_customdb.py.txt"
    _, _, code = template.read_text(encoding="utf-8").partition("\n\n")

    assert f"```python\n{code}```\n" in page


def test_the_readme_shows_what_its_example_prints(tmp_path: Path) -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8").partition("<!-- docs start -->")[2].partition("<!-- docs end -->")[0]
    python = text.partition("```python\n")[2]

    assert python.count("```text\n") == 1
    run_page(f"```python\n{python}", readme, tmp_path)


PLAIN_TYPES: Mapping[object, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    FromEnvironment: '`{ env = "NAME" }`',
    InspectTable: "table",
    LegacyTable: "table",
    ResponseTable: "answer",
    typing.Any: "anything that JSON has",
}


def words(annotation: object) -> str:
    """Describe a type in the words of the page."""
    match get_origin(annotation) or annotation:
        case types.UnionType | typing.Union:
            return ", ".join(words(member) for member in get_args(annotation) if member is not type(None))
        case typing.Literal:
            return ", ".join(f"`{name}`" for name in get_args(annotation))
        case builtins.list:
            return f"list of {words(get_args(annotation)[0])}"
        case builtins.dict:
            of = get_args(annotation)[1]
            return "table" if of is typing.Any else f"table of {words(of)}"
        case plain:
            return PLAIN_TYPES[plain]


BOUNDS = {
    "Gt(gt=0)": "more than 0",
    "Ge(ge=0)": "0 or more",
    "Ge(ge=200)": "at least 200",
    "Le(le=599)": "at most 599",
    "Le(le=86400.0)": "at most 86400",
}


def row(key: str, field: FieldInfo) -> str:
    """Return the beginning of a row in a table of the page."""
    bounds = [BOUNDS[text] for bound in field.metadata if (text := repr(bound)) in BOUNDS]
    kind = ", ".join([words(field.annotation), *bounds])
    default = "" if field.is_required() or field.default is None else f"`{json.dumps(field.default)}` "
    return f"| `{key}` | {kind} | {default}|"


ALIKE = {"", "outage", "action.legacy.not_found", "action.legacy.empty", "action.legacy.paths"}
"""The file itself, and tables with the keys of another one."""


@pytest.mark.parametrize("table", [name for name in TABLES if name not in ALIKE])
def test_the_configuration_page_documents_every_key_with_type_and_default(table: str) -> None:
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    section = re.split(rf"^## \[+{table}\]+$", page, flags=re.MULTILINE)[1].partition("\n## ")[0]
    reported = re.findall(r"^(\| `\w+` \|[^|]*\|[^|]*\|)", section, flags=re.MULTILINE)

    assert reported == [row(key, field) for key, field in TABLES[table].model_fields.items()]


def test_the_page_of_the_configuration_has_a_section_for_every_table() -> None:
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")

    assert re.findall(r"^## \[+(\w+)\]+$", page, flags=re.MULTILINE) == list(TABLES[""].model_fields)


def help_of(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with contextlib.suppress(SystemExit):
        main([*command, "--help"])
    return capsys.readouterr().out


def test_the_page_of_the_command_line_names_every_option_of_each_command(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    introduction, *sections = re.split(r"^## ", page, flags=re.MULTILINE)
    commands = re.findall(r"^  ([a-z]+) ", help_of(capsys), flags=re.MULTILINE)

    assert commands == ["check", "replay", "simulate", "audit", "rules", "init", "schema", "completion"]
    assert [section.partition("\n")[0] for section in sections] == [*commands, "Exit codes", "Interrupting a check"]
    for command, section in zip([(), *((name,) for name in commands)], ["", *sections[:-2]], strict=True):
        described = re.findall(r"^  (-\S+(?:,? \S+)*)", help_of(capsys, *command), flags=re.MULTILINE)
        options = re.findall(r"(?<![\w-])--?[a-z][a-z-]*", " ".join(described))
        assert "--help" in options
        for option in options:
            assert re.search(rf"`{option}[ `]", introduction + section), (command, option)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_points_to_something_that_exists(page: Path) -> None:
    own = {f"{rule.name}.md" for rule in AUDITED}
    rules = (
        {f"{rule.info.name}.md" for rule in CATALOGUE} | own | {"examples.md", "index.md", "precedence.md", "proofs.md"}
    )
    scripts = {f"{script}.md" for script in [*Script, "index"]}
    generated = {
        "rules": rules,
        "lives": LIFE_PAGES,
        "scripts": scripts,
        "reference": {"systems.md", "audited-users.md"},
        "_static": {"check.svg"},
    }
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)

    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", text):
        path = (page.parent / target.partition("#")[0]).resolve()
        if "://" not in target and path.name not in generated.get(path.parent.name, ()):
            assert path.exists(), f"{page.name} links to {target}"


@pytest.fixture(scope="session")
def rule_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "rules"
    write = run_path(str(ROOT / "docs" / "rule_pages.py"))["write_rule_pages"]
    write(folder)
    (folder / "rule-that-is-gone.md").write_text("# Gone\n", encoding="utf-8")
    write(folder)
    return folder


def test_every_rule_has_a_page_and_a_line_in_the_index(rule_pages: Path) -> None:
    index = (rule_pages / "index.md").read_text(encoding="utf-8")
    names = {path.stem for path in rule_pages.iterdir()}

    own = {rule.name: rule for rule in AUDITED if rule.docstring}
    assert own.keys() == {rule.name for rule in AUDITED} - {rule.info.name for rule in CATALOGUE}
    assert names == {rule.info.name for rule in CATALOGUE} | {*own, *RETIRED, "index", "precedence"}
    for name, audited in own.items():
        page = (rule_pages / f"{name}.md").read_text(encoding="utf-8")
        assert page.startswith(f"# {name}\n\n{audited.docstring}\n\n## Facts\n")
        assert f"\n| What happens to the user | [{audited.fate}](../audited-users.md) |\n" in page
        line = f"\n| [{name}]({name}.md) | {audited.severity} | {audited.summary} |\n"
        assert index.partition("## Only in an audit")[2].count(line) == 1
    for name, retired in RETIRED.items():
        page = (rule_pages / f"{name}.md").read_text(encoding="utf-8")
        assert page == f"# {name}\n\nThis rule was retired in {retired.since}. {retired.why}.\n"
        assert f"\n- [{name}]({name}.md)\n" in index.partition("## Retired")[2]
    for rule in CATALOGUE:
        page = (rule_pages / f"{rule.info.name}.md").read_text(encoding="utf-8")
        assert page.startswith(f"# {rule.info.name}\n\n{rule.info.docstring}\n\n## Facts\n")
        assert f"\n| Since | {rule.info.since} |\n" in page
        line = f"\n| [{rule.info.name}]({rule.info.name}.md) | {rule.info.severity} | "
        assert index.count(line) == 1
        assert "|" not in re.sub(r"\\\|", "", index.partition(line)[2].partition(" |\n")[0])


def test_the_table_of_precedence_is_that_of_the_catalogue(rule_pages: Path) -> None:
    page = (rule_pages / "precedence.md").read_text(encoding="utf-8")
    rows = [re.findall(r"\[([a-z0-9-]+)\]", row) for row in page.split("\n") if row.startswith("| [")]

    assert rows == [[rule.info.name, *rule.info.yields_to] for rule in CATALOGUE if rule.info.yields_to]
    assert ["error-leaks-details", "sql-injection"] in rows


@pytest.fixture(scope="session")
def life_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "lives"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / "docs"), str(ROOT / "tests" / "tenant"), *sys.path])
        write = run_path(str(ROOT / "docs" / "life_pages.py"))["write_life_pages"]
        drawn = run_path(str(ROOT / "docs" / "sequence_diagrams.py"))["diagrams"]()
        write(folder, drawn)
        (folder / "scenario-that-is-gone-on.txt").write_text("gone", encoding="utf-8")
        write(folder, drawn)
    return folder


def test_every_scenario_has_its_diagrams(life_pages: Path) -> None:
    expected = {
        f"{scenario.name}-{mode}.txt"
        for scenario in SCENARIOS
        for mode, needs in (("on", scenario.importing), ("off", scenario.legacy))
        if needs is not None
    }
    page = (life_pages / "sequences.md").read_text(encoding="utf-8")

    assert {path.name for path in life_pages.iterdir()} == expected | LIFE_PAGES
    for name in expected:
        diagram = (life_pages / name).read_text(encoding="utf-8")
        assert diagram in page
        widths = {len(line) for line in diagram.splitlines()[1:]}
        assert len(widths) == 1, name


def test_the_page_on_lazy_migration_shows_diagrams_that_there_are(life_pages: Path) -> None:
    page = (ROOT / "docs" / "explanation" / "lazy-migration.md").read_text(encoding="utf-8")
    shown = re.findall(r"reference/lives/([\w-]+\.txt)", page)

    assert len(shown) > 7
    assert set(shown) <= {path.name for path in life_pages.iterdir()}


def test_the_page_of_operations_has_every_row_of_the_tests_with_its_source(life_pages: Path) -> None:
    page = (life_pages / "operations.md").read_text(encoding="utf-8")
    reported = [
        re.split(r" (?<!\\)\| ", line.strip("| ")) for line in page.splitlines() if re.match(r"\| (on|off)\b", line)
    ]
    tests = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests" / "tenant").glob("test_*.py")))
    rows = re.findall(r'^    "((?:on|off)\b[^"\n]*)": Row\(', tests, flags=re.MULTILINE)

    assert sorted(cells[0] for cells in reported) == sorted(rows)
    assert all(cells[-1] for cells in reported)


def test_the_page_of_conflicts_has_every_knob_with_its_default(life_pages: Path) -> None:
    page = (life_pages / "conflicts.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(K[0-9])\]\(#k[0-9]\) \| `(\w+)` \| `(\w+)`", page, flags=re.MULTILINE)
    defaults = attrs.asdict(Knobs())

    assert rows == [
        (f"K{place}", name, str(default)) for place, (name, default) in enumerate(defaults.items(), start=1)
    ]
    assert re.findall(r"^## (K[0-9]): (\w+)$", page, flags=re.MULTILINE) == [(name, knob) for name, knob, _ in rows]
