"""The input of a screen, and the conditions that it returns."""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from attrs import frozen

from customdb_contract.audit._engines import Expression, end_of_text, import_ibis
from customdb_contract.audit._users import ODD, Field, Kind, Users

__all__ = ["NOT_ASCII", "Part", "Parts", "Screen", "Screening", "any_of", "only"]

NOT_ASCII: Final = "[^ -~]"
"""Finds any character that is not printable ASCII, including a line break."""

_MOST_OF_JAVA: Final = 400
"""Java matches repeated groups by recursion, and its stack overflows in texts longer than this."""


@frozen
class Part:
    """A condition for a row to break a rule, if it depends on one text only.

    Args:
        expression: The condition.
        column: The name of the field with the text; it must be in `PLAIN` if there is no pattern.
        pattern: Finds something in the text whenever the condition is true.
    """

    expression: Expression
    column: str = ""
    pattern: str = ""


@frozen
class Screening:
    """The input of a screen.

    Args:
        users: The users, and their columns.
        import_mode: Whether import mode is on for the connection.
        requires_username: Whether every user of the connection has a username.
    """

    users: Users
    import_mode: bool
    requires_username: bool

    def column(self, name: str) -> Expression:
        """Return the column of an attribute, or None if there is none.

        Args:
            name: The name of the field.
        """
        return self.users.table[name] if name in self.users.table.columns else None

    def odd(self, name: str) -> list[Expression]:
        """Return a list with the condition that an attribute has the wrong type; an empty one if it cannot.

        Args:
            name: The name of the field.
        """
        column = self.column(f"{name}{ODD}")
        return [] if column is None else [column.notnull()]

    def found(self, name: str, pattern: str) -> Part:
        """Return the condition that a pattern finds something in a text.

        Args:
            name: The name of the field with the text.
            pattern: The pattern.
        """
        return Part(self.users.table[name].re_search(pattern), name, pattern)

    def unlike(self, name: str, pattern: str) -> Expression:
        """Return the condition that a pattern does not match the whole text.

        Args:
            name: The name of the field with the text.
            pattern: The pattern, which begins with `^`.
        """
        whole = f"{pattern}{end_of_text(self.users.engine)}"
        return self.grouped(name, lambda text: ~text.re_search(whole))

    def grouped(self, name: str, condition: Callable[[Expression], Expression]) -> Expression:
        """Return a condition whose patterns repeat groups; it is true for any text that is too long for Java.

        Args:
            name: The name of the field with the text.
            condition: Returns the condition for a text.
        """
        text = self.users.table[name]
        if self.users.engine != "pyspark":
            return condition(text)
        # Spark evaluates an expression even for rows that a condition excludes.
        return import_ibis().ifelse(text.length() > _MOST_OF_JAVA, True, condition(text.left(_MOST_OF_JAVA)))  # noqa: FBT003 - a value

    def fields(self, *kinds: Kind) -> Iterable[Field]:
        """Yield fields of the profile.

        Args:
            kinds: The kinds of the fields; none stands for all.
        """
        for one in self.users.fields:
            if one.parent != "password" and (not kinds or one.kind in kinds):
                yield one


Parts: TypeAlias = Sequence[Expression | Part]

Screen: TypeAlias = Callable[[Screening], Parts | None]
"""Returns conditions, one of which is true for a row that breaks the rule; None if nothing can be checked."""


def any_of(parts: Iterable[Expression]) -> Expression:
    return functools.reduce(lambda one, other: one | other, parts)


def only(*names: str) -> Callable[[Callable[[Screening], Parts]], Screen]:
    """Make a screen return None if none of the attributes has a column."""

    def decorate(screen: Callable[[Screening], Parts]) -> Screen:
        def guarded(screening: Screening) -> Parts | None:
            return screen(screening) if any(map(screening.users.has, names)) else None

        return guarded

    return decorate
