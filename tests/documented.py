"""Runs the examples of a documentation page, and compares their output with the page.

- A `python` block is executed; one whose first line is a comment with a file's name is that file.
- A `toml` block is a valid configuration; one with such a first line is that file.
- A `javascript` block always has such a line, and is that file.
- A `diff` block changes the file that it names.
- A `console` block is run, line by line, in the folder of these files; what follows a command is its output.
- A `text` block is what the `python` block directly before it prints.
- A `yaml` block is the configuration of a CI job or of pre-commit: its lines that start our command are understood by
  the command line, those that start pytest name options of the plugin, and our action and hooks are used as they are.

In an output, a line `[…]` stands for any number of lines, and `…` for anything within a line.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from sybil import Document, Example
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

from customdb_contract import _pytest_plugin  # pyright: ignore[reportPrivateUsage]  # its options
from customdb_contract._cli import _parser  # pyright: ignore[reportPrivateUsage]  # every option
from customdb_contract.config._tables import File

__all__ = ["assert_shown", "run_page"]

_NAME = re.compile(r"(?:#|//) (?P<name>[\w./-]+\.(?:py|toml|js))\n")
_COMMANDS: Mapping[str, tuple[str, ...]] = {
    "customdb-contract": (sys.executable, "-m", "customdb_contract"),
    "python": (sys.executable,),
    "pytest": (sys.executable, "-m", "pytest", "-p", "no:cacheprovider"),
}
_ELISION = "[…]"
_NO_COLOUR = {"NO_COLOR": "1", "PY_COLORS": "0", "PYTHON_COLORS": "0"}
_IN_CI = ("CI", "BUILD_NUMBER")
"""If one of these is set, pytest prints more than in a terminal, and therefore more than a page shows."""
_FEW_EXAMPLES = """\
from hypothesis import settings

settings.register_profile("page", max_examples=10, stateful_step_count=15)
settings.load_profile("page")
"""
"""A page shows only how to run it; the other tests search long enough to find something."""


def run_page(text: str, path: Path, folder: Path) -> int:
    """Run every example of a page, and return their number.

    Args:
        text: The page, in Markdown.
        path: The path of the page, for messages.
        folder: Where the page's files are written and its commands run.
    """
    page = _Page(folder)
    languages: Mapping[str, Callable[[Example], None]] = {
        "python": page.python,
        "toml": page.toml,
        "javascript": page.javascript,
        "diff": page.diff,
        "console": page.console,
        "text": page.text,
        "yaml": page.yaml,
    }
    (folder / "conftest.py").write_text(_FEW_EXAMPLES, encoding="utf-8")
    # A shop must hash passwords slowly; a test need not.
    document = Document(text.replace("n=2**14", "n=2**4"), str(path))
    for language, evaluate in languages.items():
        for region in CodeBlockParser(language, evaluate)(document):
            document.add(region)
    examples = list(document.examples())
    for example in examples:
        example.evaluate()
    return len(examples)


def assert_shown(shown: str, said: str, where: str) -> None:
    """Fail if an output differs from the one that a page shows.

    Args:
        shown: The output on the page.
        said: The actual output.
        where: Page and line.
    """
    lines = [
        "(?:.*\n)*" if line.strip() == _ELISION else re.escape(f"{line}\n").replace("…", ".*")
        for line in shown.rstrip().split("\n")
    ]
    trimmed = re.sub(r"[ ]+$", "", said.strip("\n") + "\n", flags=re.MULTILINE)
    assert re.fullmatch("".join(lines), trimmed), f"{where} shows\n{shown}\nand really it is\n{said}"


class _Page:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printed = (0, "")
        self.exit_code = 0

    def python(self, example: Example) -> None:
        if self._is_file(example):
            return
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.chdir(self.folder), warnings.catch_warnings():
            # Python shows a reader only the warnings about their own code, not those between libraries.
            warnings.simplefilter("ignore", DeprecationWarning)
            PythonEvaluator()(example)
        self.printed = (example.region.end, output.getvalue())

    def toml(self, example: Example) -> None:
        self._is_file(example)
        File.model_validate(tomllib.loads(example.parsed))

    def javascript(self, example: Example) -> None:
        assert self._is_file(example), f"{_where(example)} must begin with the name of its file"

    def _is_file(self, example: Example) -> bool:
        named = _NAME.match(example.parsed)
        if named:
            path = self.folder / named["name"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(example.parsed), encoding="utf-8")
        return named is not None

    def diff(self, example: Example) -> None:
        head, *hunks = re.split(r"^@@.*\n", example.parsed, flags=re.MULTILINE)
        path = self.folder / head.split()[1]
        content = path.read_text(encoding="utf-8")
        for hunk in hunks:
            lines = hunk.splitlines(keepends=True)
            old = "".join(line[1:] or "\n" for line in lines if not line.startswith("+"))
            new = "".join(line[1:] or "\n" for line in lines if not line.startswith("-"))
            assert content.count(old) == 1, f"{_where(example)}: not exactly once in {path.name}:\n{old}"
            content = content.replace(old, new)
        path.write_text(content, encoding="utf-8")

    def console(self, example: Example) -> None:
        for part in re.split(r"^\$ ", example.parsed, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            said = self._run(command.split("  #")[0])
            if shown.strip():
                assert_shown(shown, said, _where(example))

    def text(self, example: Example) -> None:
        end, said = self.printed
        between = example.document.text[end : example.region.start]
        assert not between.strip("`\n "), f"{_where(example)} is no output of a python block directly before it"
        assert_shown(example.parsed, said, _where(example))

    def yaml(self, example: Example) -> None:
        document = yaml.safe_load(textwrap.dedent(example.parsed))
        lines = [line for script in _scripts(document) for line in script.replace("\\\n", " ").splitlines()]
        commands = [line.split(maxsplit=1)[1] for line in lines if line.startswith("customdb-contract ")]
        tests = [line for line in lines if line.startswith("pytest ")]
        steps = [step for step in _tables(document) if "/customdb-contract@" in str(step.get("uses"))]
        hooks = [entry for entry in _tables(document) if str(entry.get("repo")).endswith("/customdb-contract")]
        assert commands or tests or steps or hooks, f"{_where(example)} shows no command of ours"
        commands += [f"check {' '.join(_with(step)['arguments'].split())}" for step in steps]
        commands += [f"check {shlex.join(hook['args'])}" for entry in hooks for hook in entry["hooks"]]
        for command in commands:
            _parser().parse_args(shlex.split(command))
        for option in re.findall(r"--customdb-[a-z-]+", " ".join(tests)):
            assert option in _plugin_options(), f"{_where(example)}: pytest has no {option}"
        for step in steps:
            unknown = set(_with(step)) - set(_stored("action.yml")["inputs"])
            assert not unknown, f"{_where(example)}: the action has no {unknown}"
        for hook in (hook for entry in hooks for hook in entry["hooks"]):
            assert hook["id"] in {known["id"] for known in _stored(".pre-commit-hooks.yaml")}, hook["id"]

    def _run(self, command: str) -> str:
        word, *arguments = shlex.split(command)
        if word == "echo":
            assert arguments == ["$?"], f"{command} is not understood"
            return f"{self.exit_code}\n"
        done = subprocess.run(
            [*_COMMANDS[word], *arguments],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if name not in _IN_CI}
            | _NO_COLOUR
            | {"PYTHONDONTWRITEBYTECODE": "1"},
            text=True,
            encoding="utf-8",
            capture_output=True,
            timeout=120,
            check=False,
        )
        self.exit_code = done.returncode
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr


def _tables(document: Any) -> Iterator[dict[str, Any]]:
    """Yield every table of a document in YAML."""
    if isinstance(document, dict):
        yield document
    keys: list[Any] = list(document) if isinstance(document, dict) else []
    for key in keys or (range(len(document)) if isinstance(document, list) else ()):
        yield from _tables(document[key])


def _scripts(document: Any) -> Iterator[str]:
    """Yield the shell commands in a YAML document of GitHub or GitLab."""
    for table in _tables(document):
        for key in ("run", "before_script", "script"):
            given = table.get(key, [])
            yield from [given] if isinstance(given, str) else given


def _with(step: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"arguments": "", **step.get("with", {})}


def _stored(name: str) -> Any:
    return yaml.safe_load((Path(__file__).parents[1] / name).read_text(encoding="utf-8"))


def _plugin_options() -> Collection[str]:
    source = Path(_pytest_plugin.__file__).read_text(encoding="utf-8")
    return re.findall(r'"(--customdb-[a-z-]+)"', source)


def _where(example: Example) -> str:
    return f"{Path(example.path).name}, line {example.line},"
