"""Writes one Markdown page per script: its arguments, how it can end, when Auth0 calls it, and its rules."""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

from script_endings import SCRIPTS, Described, Ending, Seen

from customdb_contract._pages import CONNECTION, LOG_CODES
from customdb_contract._pages import SCRIPTS as SCRIPTS_PAGE
from customdb_contract.contract import CONTEXT_IS_OPTIONAL, Script
from customdb_contract.rules import CATALOGUE

__all__ = ["EXAMPLES", "write_script_pages"]

EXAMPLES: Final = Path(__file__).parent / "script_examples"
"""The scripts that the pages show."""

_INDEX: Final = """\
# What each script must do

These pages describe the arguments of each script, how it can end, and what each ending means to Auth0. With
{term}`import mode` on, Auth0 needs only `login` and `get_user`. With import mode off, it needs all scripts for features
that your application offers.

| script | in JavaScript | purpose |
| --- | --- | --- |
"""

_ALWAYS: Final = f"""\
## Rules for all scripts

- Call the callback exactly once, as the last thing that the script does, even after `await`. In Python, return the
  result, or call the callback if the last parameter is named `callback`.
- Pass errors to the callback. In Python, raise them, or return `Failed(error)`. An exception of any other class is a
  bug in the script, not an ending.
- Set a timeout for each connection to the store, well below Auth0's limit of 20 seconds for the script.

Source: [Custom database scripts]({SCRIPTS_PAGE}).
"""

_ENDINGS: Final = """\
| in JavaScript, and in Python | meaning | Auth0 logs | the user gets | sources |
| --- | --- | --- | --- | --- |
"""

_CODES: Final = f"""\
Each row is tested on the [simulated tenant](../tenant.md), in both languages. A log code in *italics* is inferred from
its title in [Auth0's list]({LOG_CODES}). If there are two sources, the first one is about the meaning and the second
one about what the user gets. "inferred" means that there is no source.
"""


def write_script_pages(folder: Path, drawn: Mapping[str, str]) -> None:
    """Write the pages.

    Args:
        folder: Where they go; everything in it is generated.
        drawn: The diagrams of the scenarios, by name and import mode.
    """
    pages = {
        "index.md": _index(),
        **{f"{script}.md": _page(script, described, drawn) for script, described in SCRIPTS.items()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set(folder.iterdir()) - {folder / name for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _index() -> str:
    rows = "".join(
        f"| [`{script}`]({script}.md) | `{described.function}` | {described.purpose} |\n"
        for script, described in SCRIPTS.items()
    )
    toctree = "\n".join(SCRIPTS)
    return f"{_INDEX}{rows}\n{_ALWAYS}\n```{{toctree}}\n:hidden:\n\n{toctree}\n```\n"


def _page(script: Script, described: Described, drawn: Mapping[str, str]) -> str:
    return "\n".join(
        [
            f"# {script}\n\n{described.purpose} For the rules that apply to all scripts, see [](index.md).\n",
            f"## Arguments\n\n{_arguments(script, described)}",
            f"## Endings\n\n{_ENDINGS}{''.join(map(_row, described.endings))}\n{_CODES}",
            *([f"{described.caution}\n"] if described.caution else []),
            f"## When Auth0 calls it\n\n{_called(script, described, drawn)}",
            f"## Example\n\n{_example(script)}",
            f"## Rules\n\n{_rules(script)}",
        ]
    )


def _arguments(script: Script, described: Described) -> str:
    rows = "".join(
        f"| `{argument.javascript}` | `{argument.python}` | {argument.about} |\n" for argument in described.arguments
    )
    javascript = [argument.javascript for argument in described.arguments]
    python = [argument.python for argument in described.arguments]
    signatures = [
        ("JavaScript", f"{described.function}({', '.join([*javascript, 'callback'])})"),
        ("Python, result style", f"{script}({', '.join(python)})"),
        ("Python, callback style", f"{script}({', '.join([*python, 'callback'])})"),
    ]
    context = (
        ""
        if script in CONTEXT_IS_OPTIONAL
        else "With `enable_script_context` on, `context` comes directly before `callback`, or last without one. "
        f"Source: <{CONNECTION}>.\n"
    )
    shown = "".join(f"| {style} | `{signature}` |\n" for style, signature in signatures)
    return (
        f"| | signature |\n| --- | --- |\n{shown}\n"
        f"Arguments are passed by position, so you can name the parameters as you like. {context}\n"
        f"| JavaScript | Python | type and meaning |\n| --- | --- | --- |\n{rows}"
    )


def _row(ending: Ending) -> str:
    several = len(ending.seen) > 1
    sources = dict.fromkeys([ending.source, *(seen.source for seen in ending.seen)])
    cells = [
        f"`{ending.javascript}`<br>`{ending.python}`",
        ending.means,
        "<br>".join(_logged(seen, several=several) for seen in ending.seen),
        "<br>".join(f"{f'{seen.operation}: ' if several else ''}{seen.user}" for seen in ending.seen),
        ", ".join(sources),
    ]
    return f"| {' | '.join(cells)} |\n"


def _logged(seen: Seen, *, several: bool) -> str:
    code = "nothing" if seen.log is None else f"`{seen.log}`" if seen.is_documented else f"*`{seen.log}`*"
    return f"{seen.operation}: {code}" if several else code


def _called(script: Script, described: Described, drawn: Mapping[str, str]) -> str:
    occasions = "\n".join(f"- {occasion}" for occasion in described.called)
    lives = ", ".join(f"[{name}](../lives/sequences.md#{name})" for name in _lives(script, drawn))
    seen = f"Diagrams with this script: {lives}.\n" if lives else ""
    return f"{occasions}\n\n{seen}For every situation, and what is stored and logged, see [](../lives/operations.md).\n"


def _lives(script: Script, drawn: Mapping[str, str]) -> Iterator[str]:
    called = (name.rpartition("-")[0] for name, diagram in drawn.items() if re.search(rf"\|-- {script}\b", diagram))
    yield from dict.fromkeys(called)


def _example(script: Script) -> str:
    javascript = (EXAMPLES / f"{script}.js").read_text(encoding="utf-8")
    python = (EXAMPLES / f"{script}.py").read_text(encoding="utf-8")
    return (
        "`shop-accounts` stands for the module that accesses your store; it throws if the store can't be reached.\n\n"
        f"```javascript\n// {script}.js\n{javascript}```\n\n"
        "In Python, the module is `accounts`:\n\n"
        f"```python\n{python}```\n"
    )


def _rules(script: Script) -> str:
    infos = [rule.info for rule in CATALOGUE if script in rule.info.scripts]
    counted = f"{len(infos)} rules judge this script. Each is listed with the highest severity of its findings.\n"
    parts = [counted]
    for group, members in groupby(infos, key=lambda info: info.group):
        rows = "".join(
            f"| [{info.name}](../rules/{info.name}.md) | {info.severity} | {_in_cell(info.summary)} |\n"
            for info in members
        )
        parts.append(f"### {group}\n\n| rule | severity | finds |\n| --- | --- | --- |\n{rows}")
    return "\n".join(parts)


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")
