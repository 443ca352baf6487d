"""Prints what was played, in each format of the command `simulate`, and lists what can be played."""

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from types import MappingProxyType
from typing import Final

from customdb_contract.rehearsal._playing import Performance, Setting
from customdb_contract.rehearsal._scenario import Needs, Scenario
from customdb_contract.reports.documents import dumped
from customdb_contract.reports.stories import scenes_of, story_as_mermaid, story_as_text, story_to_json
from customdb_contract.transcript import brief

__all__ = ["FORMATS", "LIST_FORMATS", "SCHEMA_VERSION"]

SCHEMA_VERSION: Final = 1
_WIDTH: Final = 110
_MOST: Final = 1_000


def _as_text(setting: Setting, performances: Sequence[Performance]) -> str:
    parts = [f"{_headline(setting)}\n"]
    parts += ["\n".join(_played_lines(performance)) for performance in performances]
    parts.append(f"{_total(performances)}\n")
    return "\n".join(parts)


def _played_lines(performance: Performance) -> Iterator[str]:
    scenario = performance.scenario
    yield scenario.name
    yield "=" * len(scenario.name)
    yield from textwrap.wrap(scenario.summary, _WIDTH)
    yield ""
    if performance.was_played:
        yield story_as_text(scenes_of(performance.transcripts, performance.order))
    for remark in _remarks(performance):
        yield from textwrap.wrap(remark, _WIDTH, break_long_words=False, break_on_hyphens=False)
        yield ""


def _as_mermaid(setting: Setting, performances: Sequence[Performance]) -> str:
    return "\n".join([f"{_headline(setting)}\n", *map(_diagram, performances)])


def _diagram(performance: Performance) -> str:
    scenario = performance.scenario
    parts = [f"## {scenario.name}\n", f"{scenario.summary}\n"]
    if performance.was_played:
        diagram = story_as_mermaid(scenes_of(performance.transcripts, performance.order))
        parts.append(f"```mermaid\n{diagram}```\n")
    parts += [f"    {remark}\n" for remark in _remarks(performance)]
    return "\n".join(parts)


def _as_json(setting: Setting, performances: Sequence[Performance]) -> str:
    return dumped(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "customdb-contract", "version": version("customdb-contract")},
            "connection": setting.connection.name,
            "import_mode": setting.connection.import_mode,
            "seed": setting.seed,
            "interrupt": setting.interrupt and setting.interrupt.value,
            "scenarios": [_performance_to_json(performance) for performance in performances],
        }
    )


def _performance_to_json(performance: Performance) -> dict[str, object]:
    return {
        "name": performance.scenario.name,
        "summary": performance.scenario.summary,
        "played": performance.was_played,
        "problem": performance.problem and brief(performance.problem, _MOST),
        "left_behind": list(performance.left_behind),
        "story": story_to_json(scenes_of(performance.transcripts, performance.order)),
    }


def _headline(setting: Setting) -> str:
    mode = "on" if setting.connection.import_mode else "off (legacy)"
    interrupted = (
        ""
        if setting.interrupt is None
        else f"; the first migration of each scenario is interrupted {setting.interrupt}"
    )
    return f"Connection {brief(setting.connection.name, _MOST)}, import mode {mode}; seed {setting.seed}{interrupted}"


def _remarks(performance: Performance) -> Iterator[str]:
    if performance.problem is not None:
        how = "Note" if performance.was_played else "Not played"
        yield f"{how}: {brief(performance.problem, _MOST)}."
    if performance.left_behind:
        names = ", ".join(brief(name, _MOST) for name in performance.left_behind)
        yield f"Created and not removed, so these users may be left in the store: {names}."


def _total(performances: Sequence[Performance]) -> str:
    played = sum(performance.was_played for performance in performances)
    return f"{played} of {len(performances)} scenarios played"


def _list_as_text(scenarios: Sequence[Scenario]) -> str:
    width = max(len(scenario.name) for scenario in scenarios)
    lines = [
        line
        for scenario in scenarios
        for line in textwrap.wrap(
            f"{scenario.summary} {_modes(scenario)}",
            _WIDTH,
            initial_indent=f"{scenario.name:<{width}}  ",
            subsequent_indent=" " * (width + 2),
            break_on_hyphens=False,
        )
    ]
    return "".join(f"{line}\n" for line in lines)


def _modes(scenario: Scenario) -> str:
    modes = {"on": scenario.importing, "off": scenario.legacy}
    effects = "; ".join(f"{mode}: {_effect(needs)}" for mode, needs in modes.items() if needs)
    return f"[import mode {effects}]"


def _effect(needs: Needs) -> str:
    if not needs.writing:
        return "reads"
    return "writes" if set(needs.writing) & set(needs.scripts) else f"writes if there is {needs.writing[0]}"


def _list_as_json(scenarios: Sequence[Scenario]) -> str:
    return dumped(
        [
            {
                "name": scenario.name,
                "summary": scenario.summary,
                "import_mode_on": _needs_to_json(scenario.importing),
                "import_mode_off": _needs_to_json(scenario.legacy),
            }
            for scenario in scenarios
        ]
    )


def _needs_to_json(needs: Needs | None) -> dict[str, object] | None:
    if needs is None:
        return None
    return {
        "known_user": needs.user,
        "scripts": [script.value for script in needs.scripts],
        "scripts_that_write": [script.value for script in needs.writing],
        "outage": needs.outage,
        "second_connection": needs.second,
    }


FORMATS: Final[Mapping[str, Callable[[Setting, Sequence[Performance]], str]]] = MappingProxyType(
    {"text": _as_text, "json": _as_json, "mermaid": _as_mermaid}
)
"""The formats of what was played, by name; the format for diagrams is Markdown with a diagram for each scenario."""

LIST_FORMATS: Final[Mapping[str, Callable[[Sequence[Scenario]], str]]] = MappingProxyType(
    {"text": _list_as_text, "json": _list_as_json}
)
"""The formats of a list of scenarios, by name."""
