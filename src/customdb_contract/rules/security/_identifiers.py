"""The rules about identifiers that are nobody's, look like somebody's, or are very long."""

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from customdb_contract._pages import CONNECTION
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.profiles.problems import user_id_of
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import says_nothing, sightings
from customdb_contract.rules.security._proof import (
    ignoring_scripts,
    judge_hostile,
    left_out,
    let_in_by_any_password,
)
from customdb_contract.transcript import Ending, Exchange, Noticed, Situation, Transcript, Value

_SLOW_SECONDS: Final = 1.0
_ADVISED: Final = {
    Situation.VERY_LONG: "a very long text, and not for others; refuse long texts before anything is done with them",
    Situation.BACKTRACKING: (
        "a few letters and an exclamation mark, and not for others; "
        "use a regular expression for e-mails in which no repetition stands within another one"
    ),
}
"""What is shorter depends on the machine and the network."""


@rule(group=Group.SECURITY, severity=Severity.ERROR, needs=(Need.HOSTILE,), since="0.1.0", source=CONNECTION)
def empty_identifier_accepted(transcript: Transcript) -> Iterator[Comparison]:
    """An empty or blank identifier returns a profile.

    ## Why this matters
    A record without an e-mail, or the first one of all, comes back for whoever types nothing.

    ## Violates
        person ada email=ada@example.com
        get_user "" -> found {"user_id": "1"}   [hostile: empty-identifier]

    ## Conforms
        person ada email=ada@example.com
        get_user "" -> not-found   [hostile: empty-identifier]

    ## How to fix
    Answer that there is no such user: `if not identifier.strip(): return NotFound()`.
    """
    texts = {Situation.EMPTY_IDENTIFIER: "an empty text", Situation.BLANK_IDENTIFIER: "blanks"}
    for situation, what in texts.items():
        yield from judge_hostile(transcript, situation, what, "nobody has such an identifier")


@rule(group=Group.SECURITY, severity=Severity.ERROR, needs=(Need.HOSTILE,), since="0.1.0", source=CONNECTION)
def unicode_collision(transcript: Transcript) -> Iterator[Comparison]:
    """An identifier with look-alike letters returns somebody's profile.

    ## Why this matters
    Whoever owns a look-alike of another person's e-mail can reset that person's password. It comes from collations that
    ignore accents, from columns of single-byte characters, and from case folding, which takes `ß` for `ss`. Another
    spelling of the same person is a warning: Auth0 documents that it puts e-mails into lower case, and nothing beyond
    that, so there the two are different e-mails. Where lower case, Unicode normalization (NFC) or full-width letters
    explain it there is no finding.

    ## Violates
        person jose email=jose@example.com
        get_user josé@example.com -> found {"email": "jose@example.com"}   [hostile: unicode-collision of jose]

    ## Conforms
        person jose email=jose@example.com
        get_user josé@example.com -> not-found   [hostile: unicode-collision of jose]

    ## How to fix
    Compare with a binary collation, after lower-casing, by `str.lower()` rather than `str.casefold()`; compare the
    e-mail of the record with the identifier once more.
    """
    people = _known_people(transcript)
    ignoring = ignoring_scripts(transcript)
    let_in = let_in_by_any_password(transcript)
    yield from left_out(transcript, Situation.UNICODE_COLLISION)
    for exchange in transcript.select(None, Situation.UNICODE_COLLISION):
        if exchange.script in ignoring or (exchange.script is Script.LOGIN and exchange.person in let_in):
            continue
        person = transcript.person(exchange.person)
        own = {_lowered(identifier) for identifier in person.identifiers} if person else set[str]()
        profile = exchange.profile
        if profile is None or says_nothing(profile):
            yield Held((exchange,))
        elif _lowered(exchange.identifier) not in own:
            whose = _whose(exchange, people)
            if exchange.person in whose:
                message = (
                    f"{exchange.script} finds a user by an identifier with other letters, "
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
    return Violation(message, (exchange,), severity, path="identifier", expected="nobody", got="a profile")


def _known_people(transcript: Transcript) -> Mapping[tuple[str, str], Collection[str]]:
    """Return the labels of the people who have an identifier or, as far as it was seen, a user_id."""
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
    """Return the known people whose profile came back; nobody when the store knows the look-alike as well."""
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
    source="good practice: whoever can send long texts can keep a slow script busy",
)
def slow_on_long_input(transcript: Transcript) -> Iterator[Comparison]:
    """A very long identifier or password, or one that a pattern backtracks on, takes a script a second or more.

    ## Why this matters
    A few such log-ins at a time keep the store, or the 250 scripts that a tenant may run at once, from everybody else.
    What is slow only once says nothing: the machine may have been busy.

    ## Violates
        person ada email=ada@example.com
        login x y -> failed WrongUsernameOrPasswordError(null) "no"; after 6.5 s   [hostile: very-long]

    ## Conforms
        person ada email=ada@example.com
        login x z -> failed WrongUsernameOrPasswordError(null) "no"; after 6.5 s   [hostile: very-long]
        login x z -> failed WrongUsernameOrPasswordError(null) "no"   [hostile: very-long]

    ## How to fix
    Refuse identifiers over 254 characters and passwords over a few hundred before anything is done with them. In a
    regular expression such as `^[a-z]+([.-]?[a-z]+)*@`, one repetition stands within another: on a text that almost
    matches, all divisions of its letters are tried. `^[^@]+@[^@]+$` does for an e-mail.
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
    # How soon the end of a process is noticed is no matter of the script.
    return never_ended or (outcome.ending is not Ending.DIED and outcome.duration >= _SLOW_SECONDS)
