"""The HTML report on long transcripts: its size, and the cost of printing it compared with JSON."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from attrs import evolve

from benchmarks.bench_rules import long_transcript
from benchmarks.timing import Measured, ratio
from customdb_contract import Report, Transcript, judge
from customdb_contract.contract import Script
from customdb_contract.reports import FORMATS
from customdb_contract.transcript import Ending, Exchange, Outcome, Value

_CALLS: Final = 10_000
_MEGABYTE: Final = 1_000_000


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios.

    Args:
        brief: Whether a rough result is enough.
    """
    sound = long_transcript(1_000 if brief else _CALLS)
    broken = Transcript(sound.header, tuple(map(_broken, sound.exchanges)))
    for name, transcript in (("sound", sound), ("broken", broken)):
        report = judge(transcript)
        calls = f"{len(transcript.exchanges):,} calls of a {name} database"
        size = len(FORMATS["html"](report).encode())
        yield Measured(f"an HTML page on {calls}, in parts of 3 MB", size / (3 * _MEGABYTE), at_most=1.0)
        yield Measured(
            f"printing {calls} as HTML, in times of JSON",
            # A report caches its output, so each has its own.
            ratio(partial(_print, report, "html"), partial(_print, report, "json"), repeat=1 if brief else 5),
            at_most=1.0 if brief else 0.5,
        )


def _print(report: Report, name: str) -> None:
    FORMATS[name](evolve(report))


def _broken(call: Exchange) -> Exchange:
    """Return a call whose profile breaks many rules, and differs from the profiles of the other script."""
    if call.profile is None:
        return call
    changed: dict[str, Value] = {
        "user_id": f"{call.script}-{call.number}",
        "email_verified": "true" if call.script is Script.LOGIN else 1,
        "app_metadata": {"plan": call.number, "__tenant": "x", "roles": ["a"]},
        "user_metadata": {"plan.name": None, "notes": "<&>" * 40},
        "password": "hash",
        "identities": [],
        "groups": ["a"],
        f"extra{call.number % 200}": {"$where": 1},
    }
    outcome = Outcome(Ending.FOUND, ((None, {**call.profile, **changed}),), output="looked up a user\n", duration=2.5)
    return evolve(call, outcome=outcome)
