"""The one-line notation: printing and parsing are inverse, and errors are clear."""

import json
import sys
import unicodedata
from collections.abc import Callable

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from customdb_contract.contract import Script
from customdb_contract.errors import TranscriptError
from customdb_contract.testing.strategies import awkward_texts, transcripts
from customdb_contract.transcript import (
    ActionRun,
    Ending,
    Exchange,
    Header,
    Mark,
    Operation,
    Outcome,
    Person,
    RecordedError,
    Situation,
    Transcript,
    print_exchange,
    record_printer,
)

ADA = "person ada email=ada@example.com username=ada\n"

EXAMPLE = """\
contract "2025-01"
connection name=legacy-shop import_mode=on requires_username=on script_context=on features=signup,reset
scripts login get_user create delete
script login signature="(identifier, password)" problem="takes three" location="shop.py:7"
script get_user signature="(email)"
script create problem="takes none"
script delete source=on observed=on
person ada email=ada@example.com username=ada alias=lovelace password=short disabled=on profile={"plan": "full"}
person "bob «the» \\u202e" email=bob@example.com phone_number=+4930123456 organization=org_1 password=none
person new email=new@example.com new=on
ignore app_metadata.last_seen
stopped time "the time was up"
left new@example.com
login ada@example.com «password of ada» -> found {"user_id": "7", "email": "ada@example.com"}
login ada@example.com hunter2 -> failed WrongUsernameOrPasswordError("ada@example.com") "wrong"   [wrong-password]
get_user nobody@example.com -> not-found   [unknown-user]
get_user ada@example.com -> not-found   [outage: reset]
get_user ada@example.com -> found {"user_id": "7"}; called again -> failed Error "late"; after 12.5 s
get_user ada -> raised KeyError "x" at "shop.py:9"; printed "hello\\n"
get_user ada -> timed-out; called again -> not-found; raised later ValueError ""; after 20.0 s
get_user ada -> died   [known-user of unknown, locked-out, unstable-store]
get_user ada -> failed Error(1, "two") "x"
get_user ada -> failed {"$special": "undefined", "text": "", "size": null}
get_user ada -> failed "text"
get_user ada -> failed called with [["text"]]
get_user ada -> invalid called with [null, 7]
get_user ada -> invalid though called with [null, {}]
get_user ada -> found without callback
get_user ada -> not-found called with []
get_user ada -> found called with [null, {}, 1]
get_user ada -> raised
get_user ada -> raised later
create {"email": "ada@example.com"} -> done
change_password ada new -> done
change_password ada new -> declined
change_email ada "null" true -> done
change_password ada new -> done called with [null, {"email_verified": true}]
delete "7" -> done   [known-user]
create {"email": "new@example.com"} -> done
get_user new@example.com -> not-found
get_user new@example.com -> not-found   [clean-up]
"""


def as_read_by_rules(transcript: Transcript) -> Transcript:
    """Remove durations below one second, which rules ignore."""
    timed: list[Exchange | ActionRun] = [*transcript.exchanges, *transcript.of_kind(ActionRun)]
    short = [record for record in timed if record.outcome.duration < 1]
    read = {record.number: evolve(record, outcome=evolve(record.outcome, duration=0.0)) for record in short}
    return evolve(transcript, records=tuple(read.get(record.number, record) for record in transcript.records))


def exactly(transcript: Transcript) -> str:
    """Distinguish what equality does not: `True` from `1`, `0.0` from `-0.0`."""
    return json.dumps(transcript.to_json(), sort_keys=True)


def complaint(text: str) -> str:
    with pytest.raises(TranscriptError) as caught:
        Transcript.parse(text)
    return str(caught.value)


def test_a_source_that_shows_nothing_was_read_nevertheless() -> None:
    text = "scripts login\nscript login source=on\n"

    assert str(Transcript.parse(text)) == text


@pytest.mark.one_python
@given(transcripts())
def test_parsing_is_the_inverse_of_printing(transcript: Transcript) -> None:
    parsed = Transcript.parse(str(transcript))

    assert parsed == as_read_by_rules(transcript)
    assert exactly(parsed) == exactly(as_read_by_rules(transcript))


@pytest.mark.one_python
@pytest.mark.untraced
@given(transcripts())
def test_printed_text_is_one_safe_line_per_entry(transcript: Transcript) -> None:
    lines = str(transcript).split("\n")

    assert lines.pop() == ""
    assert all(line.isprintable() for line in lines)
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in "".join(lines))
    assert sum(" -> " in line and line.split()[0] in set(Script) for line in lines) >= len(transcript.exchanges)


@pytest.mark.one_python
@pytest.mark.untraced
@given(transcripts())
def test_an_exchange_prints_alone_as_it_does_in_its_transcript(transcript: Transcript) -> None:
    people, records = transcript.header.people, transcript.records
    lines = str(transcript).split("\n")[-1 - len(records) : -1]

    assert [record_printer(people, records)(record) for record in records] == lines
    if not transcript.of_kind(Operation):
        assert all(print_exchange(exchange, people) == lines[exchange.number - 1] for exchange in transcript.exchanges)


def test_the_example_prints_as_it_is_written() -> None:
    assert str(Transcript.parse(EXAMPLE)) == EXAMPLE


def test_an_exchange_of_the_example_prints_alone() -> None:
    transcript = Transcript.parse(EXAMPLE)

    assert print_exchange(transcript.exchanges[3], transcript.people) in EXAMPLE.splitlines()
    assert print_exchange(transcript.exchanges[0], ()).endswith("   [known-user of ada]")


def test_the_example_does_what_it_documents() -> None:
    transcript = Transcript.parse(EXAMPLE)

    assert [exchange.ending for exchange in transcript.exchanges[:5]] == [
        "found",
        "failed",
        "not-found",
        "not-found",
        "found",
    ]
    assert transcript.exchanges[4].outcome == Outcome(
        Ending.FOUND,
        ((None, {"user_id": "7"}), (RecordedError("Error", "late"),)),
        duration=12.5,
    )
    assert transcript.exchanges[7] == Exchange(
        8,
        Script.GET_USER,
        ("ada",),
        "unknown",
        Situation.KNOWN_USER,
        Outcome(Ending.DIED),
        frozenset({Mark.LOCKED_OUT, Mark.UNSTABLE_STORE}),
    )


def test_comments_blank_lines_and_line_ends_mean_nothing() -> None:
    text = (
        "\ufeff# a comment\r\n\r\n  person ada email=ada@example.com # who\r\n"
        'login   ada@example.com\t"a # b"->not-found # x\r\n'
    )

    assert Transcript.parse(text) == Transcript.parse(
        'person ada email=ada@example.com\nlogin ada@example.com "a # b" -> not-found'
    )


def test_scripts_follow_from_the_exchanges_unless_they_are_named() -> None:
    line = "get_user nobody@example.com -> not-found   [unknown-user]\n"

    assert set(Transcript.parse(line).header.scripts) == {Script.GET_USER}
    assert set(Transcript.parse(f"script login problem=x\n{line}").header.scripts) == {Script.LOGIN, Script.GET_USER}
    assert Transcript.parse(f"scripts\n{line}").header.scripts == {}


def test_an_identifier_of_two_users_denotes_the_first() -> None:
    text = "person ada alias=shared\nperson bob alias=shared\nget_user shared -> not-found\n"

    assert Transcript.parse(text).exchanges[0].person == "ada"
    assert str(Transcript.parse(text)) == text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "lgoin ada x -> not-found",
            'expected a script, another record or a header entry, found "lgoin"; did you mean login?',
        ),
        (
            "7",
            (
                "expected a script, another record or a header entry: login, get_user, create, verify, "
                "change_password, change_email, delete, operation, store, log, run, api, request, contract, "
                'connection, scripts, script, source, action, person, ignore, stopped, left, elsewhere, found "7"'
            ),
        ),
        ("login ada", "expected -> and how the call ended, found the end of the line"),
        ("login ada # -> found", 'expected -> and how the call ended, found "# -> found"'),
        ('login "ada', 'expected a JSON value, found "\\"ada"'),
        ("login ada, x -> not-found", 'expected a JSON value, found ", x -> not-found"'),
        (
            "login ada x -> lost",
            (
                'expected an ending, found "lost"; choose from found, not-found, failed, done, declined, invalid, '
                "raised, timed-out, died"
            ),
        ),
        ("login ada x -> fuond {}", 'expected an ending, found "fuond"; did you mean found?'),
        (
            "login ada x ->",
            (
                "expected an ending: found, not-found, failed, done, declined, invalid, raised, timed-out, died, "
                "found the end of the line"
            ),
        ),
        ("login ada x -> found", "expected a JSON value, found the end of the line"),
        (
            "login ada x -> found {1: 2}",
            'expected JSON to go on (expecting property name enclosed in double quotes), found "1: 2}"',
        ),
        (
            "login ada x -> found 7",
            "login does not end with found when its callback is given [null, 7], but with invalid",
        ),
        (
            "get_user ada -> done",
            "get_user does not end with done when its callback is given [null, true], but with invalid",
        ),
        ("get_user ada -> invalid 7", 'expected called with [...], found "7"'),
        ("get_user ada -> invalid called with 7", 'expected the callback\'s arguments as a JSON array, found "7"'),
        (
            "get_user ada -> failed   [known-user]",
            'expected an error such as Error "message" before the remark, found "[known-user]"',
        ),
        ("get_user ada -> failed Error", "expected a JSON value, found the end of the line"),
        ("get_user ada -> failed Error 7", "expected a string, found 7; put it in double quotes"),
        ('get_user ada -> failed Error(1 2) "x"', 'expected ), found "2) \\"x\\""'),
        ("get_user ada -> raised 7", 'expected an error such as ValueError "message", found 7'),
        (
            "get_user ada -> not-found; then",
            'expected called again ->, raised, printed, noticed or after, found "then"',
        ),
        ("get_user ada -> not-found; after noon", 'expected a number of seconds, found "noon"'),
        ("get_user ada -> not-found; after 1e999 s", "a call takes a finite number of seconds"),
        ("get_user ada -> not-found; after 5", "expected s, found the end of the line"),
        (
            "get_user eve -> not-found",
            (
                "expected a remark such as [unknown-user], or before it a person whose identifier it is, "
                "found the end of the line"
            ),
        ),
        (
            "get_user ada -> not-found [outage: rest]",
            (
                'expected a situation, found "outage: rest"; did you mean outage: reset or outage: refuse or '
                "outage: cut?"
            ),
        ),
        (
            "get_user ada -> not-found [outage of aada]",
            'expected a person\'s label, found "aada"; did you mean ada?',
        ),
        (
            "get_user ada -> not-found [outage, weird]",
            'expected a mark, found "weird"; choose from unstable-store, outage-not-met, exhausted-store, locked-out',
        ),
        ("get_user ada -> not-found [outage", "expected ], found the end of the line"),
        ("get_user ada -> not-found not", 'expected the end of the line, found "not"'),
        ("get_user ada -> not-found [outage] more", 'expected the end of the line, found "more"'),
        ("connection import-mode=on", "expected a setting: name, import_mode, requires_username, script_context"),
        ("connection imoprt_mode=on", 'expected a setting, found "imoprt_mode"; did you mean import_mode?'),
        ("connection import_mode=yes", 'expected a switch, found "yes"; choose from on, off'),
        ("connection import_mode=on import_mode=off", "import_mode= is given twice"),
        ("connection features=signup,bake", "features has no 'bake'; choose from signup, reset, verify, change_email"),
        ("connection features=", "features has no ''; choose from"),
        ("person bob profile=7", "a person's profile must be a JSON object, got 7"),
        ("person unknown", "a known person cannot have the label unknown, which means no known person; choose another"),
        (
            "person bob password=strong",
            'expected what is known of the password, found "strong"; choose from known, short, none',
        ),
        ("stopped soon x", 'expected a kind of stop, found "soon"; choose from set-up, time, protection, interrupted'),
        ("contract 7", "expected a string, found 7; put it in double quotes"),
        (
            'login NaN NaN -> found {"a": NaN}',
            'NaN is not JSON; write it as {"$special": "float", "text": "NaN", "size": null}',
        ),
        ("login " + "9" * 5000, "a number has too many digits"),
        (
            "login 1e999",
            (
                'a number has more than 1024 bits or is not finite; recorded as {"$special": "int", "text": "…", '
                '"size": null} or with "float" it can be kept'
            ),
        ),
        ("login " + "[" * 10_000, "a JSON value is nested too deeply"),
        (
            "login " + "[" * 200 + "]" * 200,
            "a value is nested more than 100 levels deep; recorded ones have at most 50",
        ),
    ],
)
def test_unknown_input_is_an_error(line: str, said: str) -> None:
    first, second = complaint(ADA + line).split("\n")

    assert first.startswith(f"line 2: {said}")
    assert second.startswith((f"  {line[:20]}", "  …"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{ADA}\n{ADA}", 'line 3: person "ada" is given twice, the first time in line 1'),
        ("connection\nconnection", "line 2: connection is given twice, the first time in line 1"),
        ("contract a\ncontract b", "line 2: contract is given twice, the first time in line 1"),
        ("scripts\nscripts login", "line 2: scripts is given twice, the first time in line 1"),
        ("script login\n\nscript login", "line 3: script login is given twice, the first time in line 1"),
        ("stopped time x\nstopped time x", "line 2: stopped is given twice, the first time in line 1"),
        (
            f"get_user a -> not-found [unknown-user]\n{ADA}",
            "line 2: a person must come before the first record, which is in line 1",
        ),
    ],
)
def test_options_given_twice_or_too_late_are_errors(text: str, said: str) -> None:
    assert complaint(text).split("\n")[0] == said


def test_the_excerpt_shows_the_place_and_is_safe() -> None:
    text = f'{ADA}login ada "{"x" * 5000}\x1b[31m" -> fuond {{}} # {"y" * 5000}'

    excerpt = complaint(text).split("\n")[1]

    assert "-> fuond" in excerpt
    assert "\\u001b[31m" in excerpt
    assert excerpt.startswith("  …")
    assert excerpt.endswith("…")
    assert excerpt.isprintable()
    assert len(excerpt) < 200


@given(st.text() | awkward_texts())
@example("[" * 100_000)
@example('login "' + "\\" * 100_001)
def test_any_line_is_read_or_refused(tail: str) -> None:
    for start in ("", "person ", "connection ", "get_user ada -> ", "get_user ada -> failed ", "get_user ada -> died"):
        try:
            transcript = Transcript.parse(ADA + start + tail)
        except TranscriptError as error:
            assert str(error).startswith("line ")  # noqa: PT017 - either outcome is right
            assert str(error).replace("\n", "").isprintable()  # noqa: PT017 - either outcome is right
        else:
            assert Transcript.parse(str(transcript)) == transcript


def _transcript(size: int) -> Transcript:
    people = tuple(Person(label=f"p{place}", email=f"p{place}@example.com") for place in range(size))
    exchanges = tuple(
        Exchange(place, Script.GET_USER, (person.email,), person.label, Situation.KNOWN_USER, Outcome(Ending.DIED))
        for place, person in enumerate(people, start=1)
    )
    return Transcript(Header(people=people), exchanges)


def _calls_of(action: Callable[[], object]) -> int:
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(before)
    return calls


def test_printing_and_parsing_take_steps_in_proportion_to_the_size() -> None:
    small, large = _transcript(50), _transcript(500)
    small_text, large_text = str(small), str(large)

    assert Transcript.parse(large_text).exchanges == large.exchanges
    assert _calls_of(lambda: str(large)) < 11 * _calls_of(lambda: str(small))
    assert _calls_of(lambda: Transcript.parse(large_text)) < 11 * _calls_of(lambda: Transcript.parse(small_text))


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("script login observed=on", None),
        ("script login source=off", None),
        ("script login source=on", 0),
        ('source login bytes "9" at "login.js:1:1"\nscript login source=on', 1),
        ('source login bytes "9" at "login.js:1:1"\nscript login source=off', 1),
    ],
)
def test_a_source_counts_as_read_when_stated_or_when_it_has_facts(text: str, facts: int | None) -> None:
    source = Transcript.parse(f"{text}\nscripts login\n").header.scripts[Script.LOGIN].source

    assert (None if source is None else len(source)) == facts
