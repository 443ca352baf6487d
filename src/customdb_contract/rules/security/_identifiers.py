"""The rules about identifiers that no user has, that look like a user's, or that are very long."""

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from customdb_contract._pages import CONNECTION
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.profiles.problems import user_id_of
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import is_blank, sightings
from customdb_contract.rules.security._proof import (
    accepted_with_any_password,
    ignoring_scripts,
    judge_hostile,
    left_out,
)
from customdb_contract.transcript import Ending, Exchange, Noticed, Situation, Transcript, Value

_SLOW_SECONDS: Final = 1.0
_ADVISED: Final = {
    Situation.VERY_LONG: "a very long text, but not for others; reject long texts before you use them",
    Situation.BACKTRACKING: (
        "a few letters and an exclamation mark, but not for others; "
        "use a regular expression for e-mails without nested repetitions"
    ),
}
"""Shorter times depend on the machine and the network."""


@rule(group=Group.SECURITY, severity=Severity.ERROR, needs=(Need.HOSTILE,), since="0.1.0", source=CONNECTION)
def empty_identifier_accepted(transcript: Transcript) -> Iterator[Comparison]:
    """An empty or blank identifier returns a profile.

    ## Why this matters
    A user who types nothing gets a record without an e-mail, or the first record of all.

    ## Violates
        person ada email=ada@example.com
        get_user "" -> found {"user_id": "1"}   [hostile: empty-identifier]

    ## Conforms
        person ada email=ada@example.com
        get_user "" -> not-found   [hostile: empty-identifier]

    ## How to fix
    Return "not found": `if not identifier.strip(): return NotFound()`.
    """
    texts = {Situation.EMPTY_IDENTIFIER: "an empty text", Situation.BLANK_IDENTIFIER: "blanks"}
    for situation, what in texts.items():
        yield from judge_hostile(transcript, situation, what, "return not-found for it")


@rule(group=Group.SECURITY, severity=Severity.ERROR, needs=(Need.HOSTILE,), since="0.1.0", source=CONNECTION)
def unicode_collision(transcript: Transcript) -> Iterator[Comparison]:
    """An identifier with look-alike letters returns a user's profile.

    ## Why this matters
    The owner of a look-alike of another user's e-mail can reset that user's password. The causes are collations that
    ignore accents, columns of single-byte characters, and case folding, which treats `ß` as `ss`. Another spelling for
    the same user is a warning: Auth0 documents that it lower-cases e-mails and nothing beyond that, so to Auth0 the two
    are different e-mails. A match through lower case, Unicode normalization (NFC) or full-width letters is no finding.

    ## Violates
        person jose email=jose@example.com
        get_user josé@example.com -> found {"email": "jose@example.com"}   [hostile: unicode-collision of jose]

    ## Conforms
        person jose email=jose@example.com
        get_user josé@example.com -> not-found   [hostile: unicode-collision of jose]

    ## How to fix
    Compare with a binary collation, after lower-casing with `str.lower()` rather than `str.casefold()`, and compare the
    e-mail of the record with the identifier once more.
    """
    people = _known_people(transcript)
    ignoring = ignoring_scripts(transcript)
    accepted = accepted_with_any_password(transcript)
    yield from left_out(transcript, Situation.UNICODE_COLLISION)
    for exchange in transcript.select(None, Situation.UNICODE_COLLISION):
        if exchange.script in ignoring or (exchange.script is Script.LOGIN and exchange.person in accepted):
            continue
        person = transcript.person(exchange.person)
        own = {_lowered(identifier) for identifier in person.identifiers} if person else set[str]()
        profile = exchange.profile
        if profile is None or is_blank(profile):
            yield Held((exchange,))
        elif _lowered(exchange.identifier) not in own:
            whose = _whose(exchange, people)
            if exchange.person in whose:
                message = (
                    f"{exchange.script} found a user by an identifier with other letters, "
                    "which only look or fold alike; compare exactly"
                )
                yield _found_by_look_alike(message, exchange, Severity.WARNING)
            elif whose:
                message = (
                    f"{exchange.script} returned another user's profile for an e-mail with a look-alike letter; "
                    "compare exactly"
                )
                yield _found_by_look_alike(message, exchange)


def _found_by_look_alike(message: str, exchange: Exchange, severity: Severity | None = None) -> Violation:
    return Violation(message, (exchange,), severity, path="identifier", expected="no profile", got="a profile")


def _known_people(transcript: Transcript) -> Mapping[tuple[str, str], Collection[str]]:
    """Return the labels of the users by identifier and, as far as seen, by user_id."""
    people: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for person in transcript.people:
        for identifier in person.identifiers:
            people["identifier", _lowered(identifier)].add(person.label)
    for exchange in sightings(transcript):
        user_id = user_id_of(exchange.profile or {})
        if user_id:
            people["user_id", str(user_id)].add(exchange.person)
    return people


def _whose(exchange: Exchange, people: Mapping[tuple[str, str], Collection[str]]) -> Collection[str]:
    """Return the known users whose profile came back, or none if the store also has the look-alike."""
    profile = exchange.profile or {}
    own = [_lowered(profile.get(name)) for name in ("email", "username")]
    if _lowered(exchange.identifier) in own:
        return set[str]()
    keys = (*(("identifier", name) for name in own), ("user_id", str(user_id_of(profile))))
    return next((people[key] for key in keys if key in people), set[str]())


def _lowered(value: Value) -> str:
    """Return an identifier trimmed, in NFC, in lower case, with plain letters for full-width ones."""
    if not isinstance(value, str):
        return ""
    plain = (unicodedata.normalize("NFKC", one) if _is_of_other_width(one) else one for one in value)
    return unicodedata.normalize("NFC", "".join(plain)).strip().lower()


def _is_of_other_width(letter: str) -> bool:
    return unicodedata.decomposition(letter).startswith(("<wide>", "<narrow>"))


@rule(
    group=Group.SECURITY,
    severity=Severity.WARNING,
    needs=(Need.HOSTILE,),
    since="0.1.0",
    source="good practice: an attacker can keep a slow script busy with long texts",
)
def slow_on_long_input(transcript: Transcript) -> Iterator[Comparison]:
    """A script takes a second or more for a very long identifier or password, or one that makes a pattern backtrack.

    ## Why this matters
    A few such log-ins at a time block the store, or the 250 scripts that a tenant may run at once, for all users. A
    script that is slow only once is not reported: the machine may have been busy.

    ## Violates
        person ada email=ada@example.com
        login x y -> failed WrongUsernameOrPasswordError(null) "no"; after 6.5 s   [hostile: very-long]

    ## Conforms
        person ada email=ada@example.com
        login x z -> failed WrongUsernameOrPasswordError(null) "no"; after 6.5 s   [hostile: very-long]
        login x z -> failed WrongUsernameOrPasswordError(null) "no"   [hostile: very-long]

    ## How to fix
    Reject identifiers over 254 characters and passwords over a few hundred before you use them. In a regular expression
    such as `^[a-z]+([.-]?[a-z]+)*@`, one repetition is nested in another, so on a text that almost matches, all
    divisions of its letters are tried. For an e-mail, `^[^@]+@[^@]+$` is enough.
    """
    slow_anyway = {
        exchange.script
        for exchange in transcript.select(None, "known-user", "repeated", "unknown-user")
        if _is_slow(exchange)
    }
    for situation in _ADVISED:
        yield from left_out(transcript, situation)
    advised = [one for one in transcript.select(None, *_ADVISED) if one.script not in slow_anyway]
    quick = [(one.script, one.arguments) for one in advised if not _is_slow(one)]
    for exchange in advised:
        if (exchange.script, exchange.arguments) not in quick:
            message = f"{exchange.script} took a second or more for {_ADVISED[exchange.situation]}"
            yield Violation(message, (exchange,), path="duration", expected="less than 1 s", got="1 s or more")
        else:
            yield Held((exchange,))


def _is_slow(exchange: Exchange) -> bool:
    outcome = exchange.outcome
    never_ended = outcome.ending is Ending.TIMED_OUT and not outcome.noticed(Noticed.NOTHING_LEFT)
    # How soon the end of a process is noticed does not depend on the script.
    return never_ended or (outcome.ending is not Ending.DIED and outcome.duration >= _SLOW_SECONDS)
