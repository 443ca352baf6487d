import json
import re
from pathlib import Path
from runpy import run_path

import pytest

from customdb_contract._cli import _parser  # pyright: ignore[reportPrivateUsage]  # every option
from customdb_contract.config import _FIELDS_OF  # pyright: ignore[reportPrivateUsage]  # every key
from customdb_contract.rules import CATALOGUE
from documented import run_page

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path
    for path in (ROOT / "docs").rglob("*.md")
    if path.parent.name != "rules" and "_build" not in path.relative_to(ROOT).parts
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_example_of_a_page_runs_and_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    run_page(page.read_text(encoding="utf-8"), page, tmp_path)


def test_the_readme_shows_what_its_example_prints(tmp_path: Path) -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8").partition("<!-- docs start -->")[2].partition("<!-- docs end -->")[0]
    python = text.partition("```python\n")[2]

    assert python.count("```text\n") == 1
    run_page(f"```python\n{python}", readme, tmp_path)


@pytest.mark.parametrize("table", sorted(_FIELDS_OF), ids=lambda table: table or "file")
def test_the_page_of_the_configuration_names_every_key(table: str) -> None:
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    headings = "\n".join(line for line in page.split("\n") if line.startswith("## "))
    own = "database" if table == "outage" else table
    section = re.split(rf"^## \[+{own}\]+$", page, flags=re.MULTILINE)[-1].partition("\n## ")[0]

    for key in _FIELDS_OF[table].model_fields:
        assert f"[{key}]" in headings if not table else f"`{key}`" in section


def help_of(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit):
        _parser().parse_args([*command, "--help"])
    return capsys.readouterr().out


def test_the_page_of_the_command_line_names_every_option_of_each_command(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    introduction, *sections = re.split(r"^## ", page, flags=re.MULTILINE)
    commands = re.findall(r"^    ([a-z]+) ", help_of(capsys), flags=re.MULTILINE)

    assert commands == ["check", "replay", "rules", "init"]
    assert [section.partition("\n")[0] for section in sections] == [*commands, "Exit codes"]
    for command, section in zip([(), *((name,) for name in commands)], ["", *sections[:-1]], strict=True):
        described = re.findall(r"^  (-\S+(?:,? \S+)*)", help_of(capsys, *command), flags=re.MULTILINE)
        options = re.findall(r"(?<![\w-])--?[a-z][a-z-]*", " ".join(described))
        assert "--help" in options
        for option in options:
            assert re.search(rf"`{option}[ `]", introduction + section), (command, option)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_points_to_something_that_exists(page: Path) -> None:
    generated = {f"{rule.info.name}.md" for rule in CATALOGUE} | {"index.md", "precedence.md"}
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)

    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", text):
        path = (page.parent / target.partition("#")[0]).resolve()
        if "://" not in target and not (path.parent.name == "rules" and path.name in generated):
            assert path.exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("table", ["connection", "check"])
def test_the_page_of_the_configuration_tells_the_defaults(table: str) -> None:
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")

    for key, field in _FIELDS_OF[table].model_fields.items():
        assert f"\n| `{key}` | `{json.dumps(field.default)}` | " in page


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

    assert names == {rule.info.name for rule in CATALOGUE} | {"index", "precedence"}
    for rule in CATALOGUE:
        page = (rule_pages / f"{rule.info.name}.md").read_text(encoding="utf-8")
        assert page.startswith(f"# {rule.info.name}\n\n{rule.info.docstring}\n\n## Facts\n")
        assert index.count(f"\n| [{rule.info.name}]({rule.info.name}.md) | ") == 1


def test_the_table_of_precedence_is_that_of_the_catalogue(rule_pages: Path) -> None:
    page = (rule_pages / "precedence.md").read_text(encoding="utf-8")
    rows = [re.findall(r"\[([a-z0-9-]+)\]", row) for row in page.split("\n") if row.startswith("| [")]

    assert rows == [[rule.info.name, *rule.info.yields_to] for rule in CATALOGUE if rule.info.yields_to]
    assert ["error-leaks-details", "sql-injection"] in rows
