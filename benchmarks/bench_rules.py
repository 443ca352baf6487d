"""All rules over long transcripts: linear time, and little memory."""

import tracemalloc
from collections.abc import Iterator

from benchmarks.timing import Measured, ratio
from customdb_contract import Transcript, judge
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.transcript import (
    UNKNOWN,
    Ending,
    Exchange,
    Header,
    Outcome,
    Person,
    RecordedError,
    ScriptInfo,
    Situation,
)

_FAILED = Outcome(Ending.FAILED, ((RecordedError("WrongUsernameOrPasswordError", "no", (None,)),),))
_NOT_FOUND = Outcome(Ending.NOT_FOUND, ((None,),))


def long_transcript(length: int) -> Transcript:
    """Return a transcript of a correct database, with many users in many situations.

    Args:
        length: The number of exchanges.
    """
    people = [
        Person(label=f"p{number}", email=f"p{number}@example.com", profile={"email_verified": True})
        for number in range(length // 10)
    ]
    exchanges: list[Exchange] = []
    for number in range(length):
        person = people[(number // 2) % len(people)]
        script = (Script.GET_USER, Script.LOGIN)[number % 2]
        situation = (Situation.KNOWN_USER, Situation.REPEATED, Situation.UNKNOWN_USER, Situation.SQL)[number // 2 % 4]
        known = situation in {Situation.KNOWN_USER, Situation.REPEATED}
        if known:
            profile = {
                "user_id": f"shop-{person.label}",
                "email": person.email,
                "email_verified": True,
                "app_metadata": {"plan": "full", "roles": ["a", "b"]},
            }
            outcome = Outcome(Ending.FOUND, ((None, profile),))
        else:
            outcome = _NOT_FOUND if script is Script.GET_USER else _FAILED
        identifier = person.email if known else f"nobody-{number}@example.com"
        arguments = (identifier,) if script is Script.GET_USER else (identifier, f"«password of {person.label}»")
        label = person.label if known else UNKNOWN
        exchanges.append(Exchange(number + 1, script, arguments, label, situation, outcome))
    header = Header(
        people=tuple(people),
        connection=Connection(import_mode=True),
        scripts={Script.LOGIN: ScriptInfo(), Script.GET_USER: ScriptInfo()},
    )
    return Transcript(header, tuple(exchanges))


def _judge(transcript: Transcript) -> None:
    # A fresh transcript has no indexes yet.
    judge(Transcript(transcript.header, transcript.records))


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios.

    Args:
        brief: Whether a rough result is enough.
    """
    length = 300 if brief else 1_000
    short, long = long_transcript(length), long_transcript(10 * length)
    yield Measured(
        f"all rules over {10 * length:,} exchanges, in times of {length:,}",
        ratio(lambda: _judge(long), lambda: _judge(short), repeat=1 if brief else 9),
        at_most=11.0,
    )
    tracemalloc.start()
    _judge(long)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    most = 200e3 * length
    yield Measured(
        f"memory that judging {10 * length:,} exchanges takes, in parts of {most / 1e6:g} MB", peak / most, at_most=1.0
    )
