"""The words of the one-line notation, which printing and parsing share."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.transcript._exchange import Ending, Situation
from customdb_contract.transcript._header import UNKNOWN, Person
from customdb_contract.transcript._values import Value, json_text

__all__ = [
    "CLASS_NAME",
    "CONNECTION_FLAGS",
    "ENDINGS_WITHOUT_CALLBACK",
    "IMPLIED_ARGUMENTS",
    "NO_PLAIN_WORDS",
    "implied_situation",
    "labels_by_identifier",
    "owner_of",
    "token",
]

CONNECTION_FLAGS: Final = ("import_mode", "requires_username", "script_context", "deletion_is_final")

NO_PLAIN_WORDS: Final = frozenset({"true", "false", "null"})
"""Words that stand for a JSON value; a text that equals one is quoted."""

_PLAIN: Final = re.compile(r"(?![-0-9])[\w@.+\-/%!$&'*=?^`|~]+|«[^«»\"\\]+»")

CLASS_NAME: Final = re.compile(r"(?!(?:true|false|null|later|rejection|error|called|though|without|at)\b)[A-Za-z_]\w*")
"""A class name that can precede its message; the words of the notation itself are excluded."""

ENDINGS_WITHOUT_CALLBACK: Final = frozenset({Ending.RAISED, Ending.TIMED_OUT, Ending.DIED})

IMPLIED_ARGUMENTS: Final[Mapping[Ending, Callable[[Script], tuple[Value, ...]]]] = {
    Ending.NOT_FOUND: lambda _: (None,),
    Ending.DONE: lambda script: (None,) if script in {Script.CREATE, Script.DELETE} else (None, True),
    Ending.DECLINED: lambda _: (None, False),
}
"""The arguments of the callback that an ending alone stands for."""


def labels_by_identifier(people: Iterable[Person]) -> Mapping[str, str]:
    """Return the label of the user that each identifier stands for; if there are several, the first one.

    Args:
        people: The known users.
    """
    labels: dict[str, str] = {}
    for person in people:
        for identifier in person.identifiers:
            labels.setdefault(identifier, person.label)
    return labels


def owner_of(arguments: Sequence[Value], labels: Mapping[str, str]) -> str:
    """Return the label of the user that a call is about by its arguments alone, or `unknown`.

    Args:
        arguments: The arguments of the script; that of `create` is a user.
        labels: The labels by identifier.
    """
    identifier = arguments[0] if arguments else None
    if isinstance(identifier, Mapping):
        identifier = identifier.get("email")
    return labels.get(identifier, UNKNOWN) if isinstance(identifier, str) else UNKNOWN


def implied_situation(person: Person | None) -> Situation:
    """Return the situation that needs no remark if a call is about a user.

    Args:
        person: The user, or None for an unknown one.
    """
    return Situation.WRITING if person is not None and person.new else Situation.KNOWN_USER


def token(value: Value) -> str:
    """Return a value as one word: a plain text as it is, everything else as JSON.

    Args:
        value: The value.
    """
    if isinstance(value, str) and value.isprintable() and _PLAIN.fullmatch(value) and value not in NO_PLAIN_WORDS:
        return value
    return json_text(value)
