"""No rule crashes on any transcript: scripts return anything, and users edit the transcripts they replay."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, cast

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.contract import Script
from customdb_contract.errors import TranscriptError
from customdb_contract.findings import Severity, Status
from customdb_contract.rules import CATALOGUE, judge
from customdb_contract.rules.callback._calling import callback_too_late
from customdb_contract.rules.callback._container import connection_leak
from customdb_contract.rules.outcome._login import inconsistent_error_identifier
from customdb_contract.rules.security._injection import sql_injection
from customdb_contract.rules.security._transport import plaintext_transport
from customdb_contract.transcript import (
    Ending,
    Exchange,
    FactKind,
    Header,
    Outcome,
    RecordedError,
    ScriptInfo,
    Situation,
    SourceFact,
    Transcript,
)
from rules.judging import findings, verdict

_Place: TypeAlias = tuple[str | int, ...]

_EXAMPLES = [
    Transcript.parse(rule.info.sections[section]).to_json()
    for rule in CATALOGUE
    for section in ("Violates", "Conforms")
]
"""Each makes its rule compare something."""

_HOSTILE: Sequence[object] = (
    None,
    True,
    0,
    -1,
    7,
    2**1023,
    1e308,
    "",
    "ada@example.com",
    "«password of ada»",
    "\ud800",
    "9" * 5_000,
    "\N{SUPERSCRIPT TWO}",
    "GET http://[::1",
    "GET http://\N{ACCOUNT OF}/",
    [],
    [["user_exists"]],
    {},
    {"email": {"email": []}},
    {"$special": "float", "text": "nan", "size": None},
    {"$special": "undefined", "text": "", "size": None},
    {"$special": "not-a-result", "text": ":", "size": 2**1000},
    {"$error": "WrongUsernameOrPasswordError", "message": "", "arguments": [{"a": [7]}], "location": None},
    {"$error": "ValidationError", "message": "no", "arguments": [["user_exists"]], "location": None},
    {"$mapping": [["$ne", None]]},
)


def _crashes(transcript: Transcript) -> set[str]:
    return {f"{one.rule.name}: {one.reason}" for one in judge(transcript).verdicts if one.status is Status.CRASHED}


def _together(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return a stored transcript with the calls of two, so that the inputs of two rules are combined."""
    document = copy.deepcopy(first)
    header, other = document["header"], copy.deepcopy(second)
    labels = {person["label"] for person in header["people"]}
    header["people"] += [person for person in other["header"]["people"] if person["label"] not in labels]
    header["scripts"] = {**other["header"]["scripts"], **header["scripts"]}
    document["records"] += other["records"]
    for number, exchange in enumerate(document["records"], start=1):
        exchange["number"] = number
    return document


def _places(document: object, above: _Place = ()) -> Iterator[_Place]:
    """Yield the places that a script or the author of the transcript controls: keys and items at every depth."""
    inner: list[tuple[str | int, object]] = []
    if isinstance(document, dict):
        inner = list(cast("dict[str | int, object]", document).items())
    elif isinstance(document, list):
        inner = list(enumerate(cast("list[object]", document)))
    for key, value in inner:
        place = (*above, key)
        if not _KEPT.intersection(map(str, place)):
            yield place
        yield from _places(value, place)


_KEPT = frozenset(
    {"schema_version", "number", "script", "ending", "escape", "kind", "connection", "label", "marks", "caused_by"}
)
"""The places with a fixed set of words; other words make the transcript invalid."""


def _replaced(document: dict[str, Any], mutations: Sequence[tuple[int, object]]) -> dict[str, Any]:
    for which, value in mutations:
        places = [place for place in _places(document) if len(place) > 3]
        *above, last = places[which % len(places)]
        holder: Any = document
        for key in above:
            holder = holder[key]
        holder[last] = copy.deepcopy(value)
    return document


_MUTATIONS = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(_HOSTILE)), min_size=1, max_size=4)
_PAIRS = st.builds(_together, st.sampled_from(_EXAMPLES), st.sampled_from(_EXAMPLES))


@pytest.mark.parametrize("digits", [10, 5000])
def test_an_impossible_script_size_is_ignored(digits: int) -> None:
    fact = SourceFact(FactKind.BYTES, "9" * digits, "login.js:1:1")
    transcript = Transcript(Header(scripts={Script.LOGIN: ScriptInfo(source=(fact,))}))

    assert _crashes(transcript) == set()


@given(_PAIRS, _MUTATIONS)
def test_no_rule_crashes_on_an_example_in_which_anything_was_replaced(
    document: dict[str, Any], mutations: Sequence[tuple[int, object]]
) -> None:
    try:
        transcript = Transcript.from_json(_replaced(document, mutations))
    except TranscriptError:
        return
    assert _crashes(transcript) == set()


ADA = 'script login observed=on\nperson ada email=ada@example.com\nlogin ada@example.com x -> found {"user_id": "7"}'


@pytest.mark.parametrize("blamed", ['{"email": "ada@example.com"}', "[7]", '{"$error": "E", "message": "no"}'])
def test_an_error_that_blames_an_object_is_found(blamed: str) -> None:
    text = f"{ADA}\nlogin ada@example.com y -> failed WrongUsernameOrPasswordError({blamed}) no   [wrong-password]"

    [finding] = findings(inconsistent_error_identifier, text)

    assert "as the first argument; pass the identifier as text" in finding.message


@pytest.mark.parametrize("address", ["http://[::1", "http://]/", "http://\N{ACCOUNT OF}/"])
def test_a_request_to_an_invalid_address_is_no_finding(address: str) -> None:
    assert verdict(plaintext_transport, f'{ADA}; noticed request "GET {address}"').status is Status.PASSED


def test_an_impossible_number_of_connections_is_ignored() -> None:
    leaking = "\n".join(f'{ADA.splitlines()[2]}; noticed open-sockets "{"9" * 5_000}"' for _ in range(10))

    assert verdict(connection_leak, f"{ADA}\n{leaking}").status is Status.NOT_APPLICABLE


def test_a_call_of_infinite_duration_is_too_late() -> None:
    transcript = Transcript.parse(ADA)
    [exchange] = transcript.exchanges
    late = evolve(exchange, outcome=evolve(exchange.outcome, duration=1e308))

    judged = list(callback_too_late.judge(evolve(transcript, records=(late,))))

    assert "only after" in str(judged[0])


def test_a_long_message_keeps_no_rule_busy() -> None:
    """`near "` again and again made the expression for errors of SQLite look at the rest of the text each time."""
    said = Outcome(Ending.FAILED, ((RecordedError("Error", 'near "' * 11_000),),))
    call = Exchange(1, Script.GET_USER, ("'",), "unknown", Situation.SQL, said)

    assert list(sql_injection.judge(Transcript(records=(call,))))


def test_a_syntax_error_of_sqlite_is_still_seen() -> None:
    [finding] = findings(sql_injection, 'get_user \' -> failed Error "near \\"\'\\": syntax error"   [hostile: sql]')

    assert finding.severity is Severity.WARNING
