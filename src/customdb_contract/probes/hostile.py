"""Hostile input: identifiers that attempt injection, wildcards, collisions and sizes. Every payload only reads."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from customdb_contract.calling import PlannedCall
from customdb_contract.contract import Script
from customdb_contract.probes._plan import Truth
from customdb_contract.probes.reading import unknown_email, wrong_password
from customdb_contract.transcript import UNKNOWN, Person, Situation

__all__ = ["collisions", "payloads", "plan_hostile"]

_VERY_LONG: Final = 100_000
"""Characters: far beyond any real identifier, and few enough for any parser."""

_BACKTRACKING: Final = (24, 28, 32)
"""Letters: four more make a pattern that backtracks take about sixteen times as long, so one of these takes between one
and twenty seconds, whatever the regular expression engine."""

_LOOK_ALIKES: Final = {
    "s": "\N{LATIN SMALL LETTER LONG S}",
    "k": "\N{KELVIN SIGN}",
    "i": "\N{LATIN SMALL LETTER DOTLESS I}",
    "a": "\N{FULLWIDTH LATIN SMALL LETTER A}",
    "e": "\N{LATIN SMALL LETTER E WITH ACUTE}",
    "o": "\N{LATIN SMALL LETTER O WITH DIAERESIS}",
    "n": "\N{LATIN SMALL LETTER N WITH TILDE}",
    "c": "\N{LATIN SMALL LETTER C WITH CEDILLA}",
}
"""Letters that case folding, width mapping or an accent-insensitive collation treats as the plain one."""


def plan_hostile(truth: Truth, scripts: Sequence[Script]) -> Iterator[PlannedCall]:
    """Plan calls with hostile identifiers, derived from known users if the attack needs a victim.

    login receives the victim's own password: an attack that works with a wrong password also works with the right one,
    and some scripts look the user up by the identifier alone, and compare the password afterwards.

    Args:
        truth: The known users.
        scripts: The scripts that the database has.
    """
    enabled = [person for person in truth.people if not person.disabled]
    victim = next(iter((*truth.people_who_log_in, *enabled, *truth.people)))
    password = truth.passwords.get(victim.label)
    known = {identifier.lower() for person in truth.people for identifier in person.identifiers}
    for situation, identifier in payloads(victim.identifiers[0]):
        if identifier.strip().lower() in known:
            continue
        if Script.GET_USER in scripts:
            yield PlannedCall(Script.GET_USER, (identifier,), UNKNOWN, situation)
        if Script.LOGIN in scripts:
            yield PlannedCall(Script.LOGIN, (identifier, password or wrong_password()), UNKNOWN, situation)
    for person in truth.people:
        yield from _plan_collisions(person, truth, scripts)
    if Script.LOGIN in scripts:
        long_password = "x" * _VERY_LONG
        yield PlannedCall(Script.LOGIN, (unknown_email("example.com"), long_password), UNKNOWN, Situation.VERY_LONG)


def payloads(identifier: str) -> Iterator[tuple[Situation, str]]:
    """Yield identifiers that a careless store mistakes for a user's; almost all belong to no user.

    Args:
        identifier: The e-mail or username of a user who is in the store.
    """
    local, at, domain = identifier.partition("@")
    rest = f"{at}{domain}"
    by_situation: dict[Situation, tuple[str, ...]] = {
        Situation.SQL: (
            "' OR '1'='1",
            "' OR 1=1 -- ",
            '" OR "1"="1',
            "x' OR 1=1 LIMIT 1 -- ",
            f"{identifier}' -- ",
            f"{identifier}' OR '1'='1",
            "x') OR ('1'='1",
        ),
        Situation.NOSQL: (
            '{"$ne": null}',
            '{"$gt": ""}',
            "' || '1'=='1",
            "[$ne]=1",
            # They end a string in JSON that is assembled from strings.
            f'{identifier}","$comment":"x',
            f'x","email":"{identifier}',
        ),
        Situation.LDAP: ("*)(uid=*", "*)(|(uid=*", f"{local})(|(mail=*", f"{identifier})(objectClass=*"),
        Situation.SEARCH_QUERY: (
            "email:*",
            "a* OR b*",
            f"{identifier} OR *",
            '" OR "" = "',
            "x' or 1 eq 1 or 'a' eq '",
        ),
        Situation.URL: (
            f"../{identifier}",
            f"{identifier}?x=1",
            f"{identifier}#x",
            f"{identifier}&x=1",
            f"{identifier}/",
            f"x&email={identifier}",
            "%2e%2e/",
            "?",
            "..",
        ),
        Situation.WILDCARD: (
            "%",
            "*",
            "?" * len(identifier),
            "_" * len(identifier),
            f"{local[:-1]}%",
            f"{local[:-1]}*",
            f"{local[:-1]}_{rest}",
            f"{local[:-1]}?{rest}",
            f"%{rest}" if rest else "%%",
            identifier[:-1] or "%%",
        ),
        Situation.REGEX: (".*", f"^{local}", f"{local[:-1]}.{rest}", f"(?i){identifier}x?"),
        Situation.CONTROL_CHARACTERS: (
            f"{identifier}\0",
            f"{identifier}\0x",
            f"{identifier}\r\nx: y",
            "\x1b[2J",
            "\ud800",
        ),
        Situation.VERY_LONG: ("a" * _VERY_LONG + "@example.com",),
        Situation.BACKTRACKING: tuple(
            f"{beginning}{'a' * letters}!" for beginning in ("", "a@") for letters in _BACKTRACKING
        ),
        Situation.EMPTY_IDENTIFIER: ("",),
        Situation.BLANK_IDENTIFIER: ("   ", "\t"),
    }
    for situation, identifiers in by_situation.items():
        yield from ((situation, payload) for payload in identifiers)


def collisions(identifier: str) -> Iterator[str]:
    """Yield identifiers that differ from a given one by letters that look alike, or are equal after case folding.

    Args:
        identifier: The e-mail or username of a user who is in the store.
    """
    local, at, domain = identifier.lower().partition("@")
    for plain, alike in _LOOK_ALIKES.items():
        if plain in local:
            yield local.replace(plain, alike, 1) + at + domain
    yield from (other + at + domain for other in dict.fromkeys(_refolded(local)) if other != local)
    if local and local[0].isascii() and local[0].isalpha():
        # A column of single-byte characters that keeps the low byte turns this letter into the plain one.
        yield chr(0x100 + ord(local[0])) + local[1:] + at + domain


def _refolded(local: str) -> Iterator[str]:
    yield local.replace("ss", "\N{LATIN SMALL LETTER SHARP S}", 1)
    yield local.casefold()
    letters = (one for one in unicodedata.normalize("NFD", local) if not unicodedata.combining(one))
    yield unicodedata.normalize("NFC", "".join(letters))


def _plan_collisions(person: Person, truth: Truth, scripts: Sequence[Script]) -> Iterator[PlannedCall]:
    known = {name.lower() for one in truth.people for name in one.identifiers}
    for identifier in collisions(person.identifiers[0]):
        # A letter in one user's e-mail can be the look-alike in another user's.
        if identifier in known:
            continue
        if Script.GET_USER in scripts:
            yield PlannedCall(Script.GET_USER, (identifier,), person.label, Situation.UNICODE_COLLISION)
        if Script.LOGIN in scripts and person in truth.people_who_log_in:
            arguments = (identifier, truth.passwords[person.label])
            yield PlannedCall(Script.LOGIN, arguments, person.label, Situation.UNICODE_COLLISION)
