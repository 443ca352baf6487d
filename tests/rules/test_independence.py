"""A rule judges each user independently: calls before and after those of the user change nothing.

A loop that ends too early, or a rule that looks only at the first user, fails here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

import pytest
from attrs import evolve

from customdb_contract.findings import Status
from customdb_contract.rules import CATALOGUE, Rule
from customdb_contract.rules._judging import judge_by
from customdb_contract.transcript import ActionRun, Exchange, Header, Operation, Person, Record, Transcript, cause_of
from rules.judging import verdict

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

ABOUT_ALL_USERS: Final[Mapping[str, str]] = {
    "change-email-always-refuses": "one user for whom it says yes shows that it does not always refuse",
    "change-password-always-refuses": "one user for whom it says yes shows that it does not always refuse",
    "connection-leak": "counts calls in a row, whoever they are about",
    "delete-unknown-user-inconsistent": "compares the unknown ids with each other",
    "get-user-ignores-identifier": "one unknown user who is not found shows that the identifier is read",
    "inconsistent-metadata-type": "compares the users with each other",
    "ldap-injection": "what finds people by a search query too builds no LDAP filter",
    "retired-connection": "one user who is found shows that the connection is in use",
    "user-enumeration": "compares all unknown users with all known ones",
    "username-not-stored": "one stored username shows that usernames are stored",
    "verify-always-refuses": "one user for whom it says yes shows that it does not always refuse",
}
"""The rules that compare users with each other, and how."""

RULES: Final = [
    rule
    for rule in CATALOGUE
    if rule.info.name not in ABOUT_ALL_USERS and Transcript.parse(rule.info.sections["Violates"]).exchanges
]
EXAMPLES: Final = [
    rule.info.sections[section]
    for rule in CATALOGUE
    for section in ("Violates", "Conforms")
    # These two records exclude another cause for the whole store.
    if rule.info.name not in {"callback-called-twice", "get-user-ignores-identifier"}
]

_NAMES: Final = "ada|Ada|ADA|ad_|bob|eve|newest|newer|new|other|moved|old|nobody|noone|first|jose|josé"
_NAME: Final = re.compile(rf"(?<![\w-])(?:{_NAMES}|a(?=\d))(?![a-z]|=| password|-spelling|-log-in|-connection)")
_BEFORE_ID: Final = r'(?:(?<="id": ")|(?<="user_id": ")|(?<="user_id": )|(?<="phone_number": "\+)|(?<=delete ))'
_ID: Final = re.compile(rf"{_BEFORE_ID}(?:[a-z]+[-|])?(?=\d)")


@cache
def renamed(text: str, number: int) -> Transcript:
    """Return an example with all users renamed: other names, addresses and ids."""
    people = _NAME.sub(lambda name: f"{'Zz' if name[0].istitle() else 'zz'}{number}q{name[0]}", text)
    return Transcript.parse(_ID.sub(lambda prefix: f"{prefix[0]}{number + 1}0", people))


def in_the_store_of(example: Transcript, broken: Transcript) -> Transcript:
    """Return an example with the connection and scripts of the other one."""
    return evolve(example, header=evolve(broken.header, people=example.header.people))


def joined(parts: Sequence[Transcript]) -> Transcript:
    """Return one transcript with the users and records of several, in order."""
    people: list[Person] = [person for part in parts for person in part.header.people]
    header: Header = evolve(parts[0].header, people=tuple(people))
    records: list[Record] = []
    for part in parts:
        before = len(records)
        records += [moved(record, before) for record in part.records]
    return Transcript(header, tuple(records))


def moved(record: Record, places: int) -> Record:
    """Return a record moved later by a number of places, together with its cause."""
    cause = cause_of(record)
    later = evolve(record, number=record.number + places)
    if isinstance(later, ActionRun) and later.follows is not None:
        later = evolve(later, follows=later.follows + places)
    return later if isinstance(later, Operation) or cause is None else evolve(later, caused_by=cause + places)


def evidence(rule: Rule, transcript: Transcript) -> Sequence[int]:
    """Return the calls that prove the findings of a rule."""
    found = judge_by((rule,), transcript).verdict(rule.info.name).findings
    return sorted({number for finding in found for number in finding.evidence})


def innocent(rule: Rule, broken: Transcript) -> Iterator[Transcript]:
    """Yield all examples of any rule in which this rule finds nothing."""
    for number, text in enumerate(EXAMPLES):
        example = in_the_store_of(renamed(text, number), broken)
        if not evidence(rule, example):
            yield example


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.info.name)
def test_a_breach_is_found_among_any_other_records(rule: Rule) -> None:
    broken = Transcript.parse(rule.info.sections["Violates"])
    others = list(innocent(rule, broken))
    before = sum(len(other.records) for other in others)
    proof = evidence(rule, broken)

    assert before > 200
    assert evidence(rule, joined([*others, broken])) == [number + before for number in proof]
    assert evidence(rule, joined([broken, *others])) == proof


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.info.name)
def test_a_breach_is_found_for_every_user(rule: Rule) -> None:
    text = rule.info.sections["Violates"]
    parts = [renamed(text, number) for number in range(3)]
    size = len(parts[0].records)
    proof = evidence(rule, parts[0])

    every = [number + size * place for place in range(len(parts)) for number in proof]
    assert evidence(rule, joined(parts)) == every[:8]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.info.name)
def test_a_conforming_call_is_recognised_for_every_user(rule: Rule) -> None:
    text = rule.info.sections["Conforms"]
    parts = [renamed(text, number) for number in range(3)]
    held = [judge_by((rule,), part).verdict(rule.info.name).held for part in parts]

    assert judge_by((rule,), joined(parts)).verdict(rule.info.name).held == sum(held)


def twice(transcript: Transcript) -> Transcript:
    """Return an example in which everything happens twice, and each observation is followed by another."""
    records: list[Record] = []
    for record in transcript.records:
        if isinstance(record, Exchange):
            more = [evolve(one, text=f"{one.text} again") for one in record.outcome.observations]
            outcome = evolve(record.outcome, observations=(*record.outcome.observations, *more))
            records.append(evolve(record, outcome=outcome))
        else:
            records.append(record)
    return Transcript(transcript.header, (*records, *(moved(record, len(records)) for record in records)))


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.info.name)
def test_the_repeated_calls_that_prove_a_breach_are_approved(rule: Rule) -> None:
    assert verdict(rule, twice(Transcript.parse(rule.info.sections["Violates"]))).status is not Status.CRASHED
