"""Judges rows by the predicates in Python, which alone decide what is wrong."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from attrs import evolve, frozen

from customdb_contract.audit._columns import Row
from customdb_contract.audit._findings import UserFinding
from customdb_contract.audit._screening import SUSPECTED, suspected
from customdb_contract.audit._sizes import SizeTally
from customdb_contract.audit._users import FILE, ROW, Field, as_text, profile_of_row
from customdb_contract.findings import Severity
from customdb_contract.profiles.problems import PREDICATES, Circumstances, Problem, readable
from customdb_contract.secrets import hide_unknown, names_secret

__all__ = ["Judge", "masked", "named", "place_of"]

_SHOWN: Final = 200
_FEWEST: Final = 2


def place_of(row: Row) -> str:
    """Return the position of a row, or an empty text if it is not known.

    Args:
        row: The row.
    """
    file, number = row.get(FILE), row.get(ROW)
    return "" if number is None else f"{file}:{number}"


def named(user_id: str | None, row: Row) -> tuple[str | None, str]:
    """Return the key by which a finding identifies a user, or the position of the row if there is none.

    Args:
        user_id: The key.
        row: The row.
    """
    if user_id:
        return masked(user_id), ""
    return None, place_of(row)


def masked(text: str) -> str:
    """Return a text without anything that is a secret by its format.

    Args:
        text: A text from the store.
    """
    return hide_unknown(text, lambda _kind, _value: "…")


@frozen(kw_only=True)
class Judge:
    """Judges rows.

    Args:
        fields: The fields of their columns.
        rules: The names of the rules to check.
        import_mode: Whether import mode is on.
        requires_username: Whether every user of the connection has a username.
        show_values: Whether to show values.
        sizes: Counts every profile that is too large; None if all are measured anyway.
    """

    fields: tuple[Field, ...]
    rules: frozenset[str]
    import_mode: bool
    requires_username: bool
    show_values: bool
    sizes: SizeTally | None

    def of_row(self, row: Row) -> Iterator[UserFinding]:
        """Yield the findings on the user of a row, for the rules that the engine suspects.

        Args:
            row: The row, by name of the field.
        """
        rules = suspected(cast("int", row[SUSPECTED]))
        yield from self.of_profile(readable(profile_of_row(row, self.fields)), as_text(row["user_id"]), row, rules)

    def of_profile(
        self, profile: Mapping[str, object], user_id: str | None, row: Row, rules: Iterable[str] = PREDICATES
    ) -> Iterator[UserFinding]:
        """Yield the findings on a profile, one for each rule that it breaks.

        Args:
            profile: The profile, as `readable` returns it.
            user_id: The key of its row.
            row: Its row.
            rules: The rules that it may break.
        """
        worst: dict[str, Problem] = {}
        for problem in self._problems(profile, rules):
            known = worst.get(problem.rule)
            if known is None or problem.severity.rank > known.severity.rank:
                worst[problem.rule] = problem
        if self.sizes is not None and "profile-too-large" in worst:
            self.sizes.add(profile)
        name, place = named(user_id, row)
        for problem in worst.values():
            yield UserFinding(
                rule=problem.rule,
                severity=problem.severity,
                user_id=name,
                row=place,
                path=self._path(problem.path),
                problem=problem.problem,
                value=self._shown(problem, profile),
            )
        if "unreachable-user" in self.rules and not any(map(profile.get, _REACHED_BY)):
            yield evolve(_UNREACHABLE, user_id=name, row=place)

    def _problems(self, profile: Mapping[str, object], rules: Iterable[str]) -> Iterator[Problem]:
        circumstances = Circumstances(import_mode=self.import_mode, requires_username=self.requires_username)
        for rule in rules:
            if rule in self.rules and rule in PREDICATES:
                yield from filter(None, PREDICATES[rule](profile, circumstances))

    def _path(self, path: str) -> str:
        """Return the path of a problem; a key of metadata that is an e-mail is personal data, and is replaced."""
        if self.show_values or "@" not in path:
            return path
        return ".".join([*path.split(".")[: _FEWEST - 1], "*"])

    def _shown(self, problem: Problem, profile: Mapping[str, object]) -> str | None:
        value = profile.get(problem.path)
        if not self.show_values or not isinstance(value, str | int | float):
            return None
        if problem.rule == "secret-in-profile" or names_secret(problem.path):
            return None
        shown = masked(value if isinstance(value, str) else json.dumps(value))
        return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


_REACHED_BY: Final = ("email", "username", "phone_number")
_UNREACHABLE: Final = UserFinding(
    rule="unreachable-user",
    severity=Severity.ERROR,
    user_id=None,
    path="email",
    problem="is missing, and so are username and phone_number",
)
