"""Draws sequence diagrams in plain text, from real runs of the simulated tenant with the bookshop."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, assert_never

from attrs import evolve

from customdb_contract.rehearsal import SCENARIOS, Performance, Setting, bookshop, rehearse
from customdb_contract.reports.stories import Scene, scenes_of
from customdb_contract.transcript import Exchange, LogEntry, Operation, Response, Situation, Store, StoreWrite

__all__ = ["diagrams"]

_FIRST: Final = 50
_SECOND: Final = 36
"""Characters between the actor and Auth0, and between Auth0 and the database."""

_ADA: Final = next(user for user in bookshop.USERS if user.username == "ada")


def diagrams() -> Mapping[str, str]:
    """Return a diagram of each scenario in each possible import mode, by name and mode."""
    return {
        f"{performance.scenario.name}-{mode}": _diagram(performance)
        for mode, is_import in (("on", True), ("off", False))
        for performance in rehearse(_setting(import_mode=is_import), SCENARIOS)
        if performance.was_played
    }


def _setting(*, import_mode: bool) -> Setting:
    return Setting(
        database=bookshop.database,
        connection=evolve(bookshop.CONNECTION, import_mode=import_mode),
        users=(_ADA,),
        outage=bookshop.broken,
        is_thrown_away=True,
    )


def _diagram(performance: Performance) -> str:
    scenes = scenes_of(performance.transcripts, performance.order)
    lines = [f"{'':<{_FIRST}}Auth0{'':<{_SECOND - 4}}database", *_lines(scenes)]
    return "".join(f"{line}\n" for line in lines)


def _lines(scenes: Sequence[Scene]) -> Iterator[str]:
    several = len({scene.connection for scene in scenes}) > 1
    for scene in scenes:
        operation = scene.operation
        if operation is None:
            continue
        where = f" on {scene.connection}" if several else ""
        yield _row(_right(f"{operation.actor}: {_done(operation)}{where}", _FIRST), "")
        for record in scene.caused:
            yield from _caused(record)
        yield _row(_left(_seen(operation.response), _FIRST), "")
        yield _row("", "")


def _caused(record: Exchange | StoreWrite | LogEntry) -> Iterator[str]:
    match record:
        case Exchange():
            outage = " (outage)" if record.situation.family == Situation.OUTAGE else ""
            yield _row("", _right(f"{record.script}{outage}", _SECOND))
            yield _row("", _left(record.ending, _SECOND))
        case StoreWrite():
            yield _row("", f"  {_stored(record)}")
        case LogEntry():
            yield _row("", f"  log: {record.code}")
        case _ as unreachable:
            assert_never(unreachable)


def _done(operation: Operation) -> str:
    if operation.name == "switch_import_mode":
        return f"import mode {'on' if operation.arguments['on'] else 'off'}"
    return operation.name.replace("_", " ")


def _seen(response: Response | None) -> str:
    if response is None:
        return "nothing"
    ending = "succeeded" if response.succeeded else "refused" if response.interrupted is None else "an error"
    return f"{ending}{'' if response.interrupted is None else f', interrupted {response.interrupted}'}"


def _stored(write: StoreWrite) -> str:
    what = "user record" if write.store is Store.USERS else "internal record"
    if write.attributes is None:
        return f"{what}: removed"
    if write.attributes.get("pending") is not None:
        return f"{what}: half-created"
    return f"{what}: written"


def _row(first: str, second: str) -> str:
    return f"|{first:<{_FIRST}}|{second:<{_SECOND}}|"


def _right(text: str, width: int) -> str:
    return f"{f'-- {text} ':-<{width - 1}}>"


def _left(text: str, width: int) -> str:
    return f"<{f'-- {text} ':-<{width - 1}}"
