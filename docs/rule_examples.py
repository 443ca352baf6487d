"""Shows code that breaks a rule and the correct code: the mutants for which the tests expect exactly this rule."""

import difflib
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, Final

from attrs import frozen

import action_mutants
import mutants
import test_action_mutants
import test_javascript_mutants
import test_life_mutants
import test_mutants
import test_writing_mutants
import writing_shop
from proofs import words_of

__all__ = ["examples_of", "page_of_shops"]

_CORRECT: Final = {path.name: path for path in (test_javascript_mutants.SCRIPTS / "correct").iterdir()}
_NOTE: Final = re.compile(r"^// ?(.*)\n", re.MULTILINE)
_SETTING: Final = re.compile(r"^[a-z]+: ")
_ALIKE: Final = 0.5
_LONGEST: Final = 60
_AROUND: Final = 4
_GAP: Final = " …"


@frozen
class _Example:
    """A mutant: wrong code and, if it is wrong in one place, the correct code.

    Args:
        language: Its name for a syntax highlighter.
        words: The flaw.
        rules: The rules that it breaks.
        wrong: The wrong code.
        right: The correct code that it is based on.
    """

    language: str
    words: str
    rules: frozenset[str]
    wrong: str
    right: str

    @property
    def code(self) -> str:
        """As Markdown: a diff from the wrong to the correct code, or one after the other if they differ too much."""
        wrong, right = self.wrong.splitlines(), self.right.splitlines()
        if difflib.SequenceMatcher(None, wrong, right, autojunk=False).ratio() >= _ALIKE:
            _, _, *lines = difflib.unified_diff(wrong, right, n=_AROUND, lineterm="")
            return "\n".join(["```diff", *(_GAP if line.startswith("@@") else line.rstrip() for line in lines), "```"])
        blocks = [f"```{self.language}\n{code}\n```" for code in (self.wrong, self.right) if code]
        return "\n\nThe correct code is:\n\n".join(blocks)

    @property
    def lines(self) -> int:
        """The number of lines."""
        return self.code.count("\n")


def examples_of(rule: str) -> str:
    """Return the section of a rule's page with code that breaks the rule.

    Args:
        rule: The rule's name.

    Returns:
        Markdown, empty if there is no mutant that is short enough.
    """
    parts = [part for examples in (_in_python(), _in_javascript()) for part in _shortest(rule, examples)]
    if not parts:
        return ""
    introduction = (
        "This code is [one of these shops](examples.md) with a single flaw, for which the tests expect this rule. "
        "Lines marked `-` are wrong; those marked `+` are correct."
    )
    return "\n\n".join(["## In code", introduction, *parts]) + "\n"


def _shortest(rule: str, examples: Iterable[_Example]) -> Iterator[str]:
    fitting = [
        example
        for example in examples
        if rule in example.rules and example.wrong != example.right and example.lines <= _LONGEST
    ]
    if fitting:
        best = min(fitting, key=lambda example: (len(example.rules), example.lines))
        others = sorted(best.rules - {rule})
        also = f" It also breaks {' and '.join(f'[{name}]({name}.md)' for name in others)}." if others else ""
        name = {"python": "Python", "javascript": "JavaScript"}[best.language]
        yield f"**{name}:** {best.words}.{also}\n\n{best.code}"


@cache
def _in_python() -> tuple[_Example, ...]:
    reading = {
        mutant.make: {*mutant.rules, *(mutant.imported or ()), *mutant.tells}
        for mutant in test_mutants.MUTANTS.values()
    }
    writing = {mutant.make: set(mutant.rules) for mutant in test_writing_mutants.MUTANTS.values()}
    living = {flawed.make: {*flawed.on, *flawed.off} for flawed in test_life_mutants.FLAWED.values()}
    acting = {make: set(rules) for make, rules in action_mutants.MUTANTS.items()}
    told: Mapping[Any, set[str]] = {**reading, **writing, **living, **acting}
    return tuple(_python_example(make, frozenset(rules)) for make, rules in told.items() if inspect.isclass(make))


def _python_example(make: type, rules: frozenset[str]) -> _Example:
    own = {name: member for name, member in vars(make).items() if isinstance(member, FunctionType)}
    bases = {name: getattr(base, name) for name in own for base in reversed(make.__mro__[1:]) if name in vars(base)}
    wrong = [_source(member) for member in own.values()]
    wrong += [_source(helper) for helper in _helpers(make, "\n".join(wrong))]
    right = [_source(bases[name]) for name in own if isinstance(bases.get(name), FunctionType)]
    words = inspect.cleandoc(make.__doc__).partition("\n")[0].rstrip(".") if vars(make).get("__doc__") else None
    return _Example(
        "python", _sentence(words or words_of(make.__name__)), rules, "\n\n".join(wrong), "\n\n".join(right)
    )


def _helpers(make: type, code: str) -> Iterator[FunctionType]:
    """Yield the functions of the mutant's module that its code calls."""
    for name, member in vars(inspect.getmodule(make)).items():
        if isinstance(member, FunctionType) and member.__module__ == make.__module__ and f"{name}(" in code:
            yield member


def _source(function: FunctionType) -> str:
    return textwrap.dedent(inspect.getsource(function)).replace("@override\n", "").strip("\n")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


@cache
def _in_javascript() -> tuple[_Example, ...]:
    scripts = [
        _javascript_example(script, test_javascript_mutants.said(folder, "expect"), _CORRECT.get(script.name))
        for folder in test_javascript_mutants.MUTANTS
        for script in sorted(folder.iterdir())
        if script.suffix == ".js" and _is_flawed(script)
    ]
    actions = [
        _javascript_example(code, test_action_mutants.expected(code), None) for code in test_action_mutants.JAVASCRIPT
    ]
    return (*scripts, *actions)


def _is_flawed(script: Path) -> bool:
    """Return whether a script of a mutant is the one with the flaw: its first line is a comment about it."""
    return script.read_text(encoding="utf-8").startswith("// ")


def _javascript_example(script: Path, rules: Iterable[str], correct: Path | None) -> _Example:
    text = script.read_text(encoding="utf-8")
    head = re.match(r"(?:// .*\n)*", text)
    notes = _NOTE.findall(head[0]) if head else []
    words = " ".join(note for note in notes if not _SETTING.match(note)).rstrip(".")
    right = correct.read_text(encoding="utf-8") if correct else ""
    name = script.stem if correct is None and not words else words
    return _Example(
        "javascript",
        _sentence(words or words_of(name)),
        frozenset(rules),
        text[len(head[0]) if head else 0 :].strip("\n"),
        right.strip("\n"),
    )


def page_of_shops() -> str:
    """Return the page with the correct code that the mutants are based on, in Markdown."""
    shops = {"read-only": mutants.Shop, "with the scripts that write": writing_shop.WritingShop}
    python = [
        f"## In Python, {what}\n\n```python\n{inspect.getsource(shop).strip()}\n```" for what, shop in shops.items()
    ]
    action = f"## An Action in Python\n\n```python\n{inspect.getsource(action_mutants.Restoring).strip()}\n```"
    javascript = [
        f"## In JavaScript, `{name}`\n\n```javascript\n{path.read_text(encoding='utf-8').strip()}\n```"
        for name, path in sorted(_CORRECT.items())
    ]
    introduction = (
        "The examples on the rules' pages are these shops, each with a single flaw. In the shops themselves, no rule "
        "finds anything."
    )
    return "\n\n".join(["# The shops in the examples", introduction, *python, action, *javascript]) + "\n"
