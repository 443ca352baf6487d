"""Selection: which rules are judged, and what makes a report fail; its names are known to be right."""

from collections.abc import Collection, Mapping, Sequence

from attrs import evolve, frozen

from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Group, RuleInfo, Severity
from customdb_contract.rules._names import problem_of_name
from customdb_contract.rules._rule import Rule

__all__ = ["Selection"]


@frozen(kw_only=True)
class Selection:
    """Which rules of a catalogue are judged, and what makes a report fail; made by `of`, which checks every name.

    Args:
        selected: Names of the rules that may speak.
        ignored: Names of those that are not judged, and only keep more general rules from telling the same.
        waived: Rules whose breach is accepted, with the reason.
        require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail.
        scripts: The scripts of which findings are told; empty stands for all.
    """

    selected: frozenset[str]
    ignored: frozenset[str]
    waived: Mapping[str, str]
    require: tuple[Group, ...]
    fail_on: Severity
    scripts: frozenset[Script] = frozenset()

    @classmethod
    def of(
        cls,
        catalogue: Sequence[Rule],
        *,
        select: Collection[str] = (),
        ignore: Collection[str] = (),
        scripts: Collection[str] = (),
        waived: Mapping[str, str] | None = None,
        require: Collection[str] = (),
        fail_on: str = "error",
    ) -> "Selection":
        """Return what a team's words select.

        Args:
            catalogue: The rules that there are.
            select: Names of rules or groups that are judged; empty stands for all.
            ignore: Names of rules or groups that are not judged.
            scripts: Names of the scripts that are judged; empty stands for all, and the Action.
            waived: Rules whose breach is accepted, with the reason.
            require: Names of groups that must have been judged.
            fail_on: The lowest severity that makes the report fail: `error` or `warning`.

        Raises:
            ConfigurationError: When a rule, a group or a script is unknown, a waiver has no reason, or `fail_on` is
                another word.
        """
        waived = dict(waived or {})
        infos = [rule.info for rule in catalogue]
        selected = _expand(select, infos, "select") if select else frozenset(info.name for info in infos)
        ignored = _expand(ignore, infos, "ignore")
        judged = frozenset(map(_script, scripts))
        if judged:
            ignored |= {info.name for info in infos if judged.isdisjoint(info.scripts)}
        _check_waivers(waived, infos)
        groups = {info.group.value for info in infos}
        for name in require:
            _check_name(name, groups, "require", "group")
        if fail_on not in {Severity.ERROR, Severity.WARNING}:
            message = f"fail_on must be 'error' or 'warning', and is {fail_on!r}"
            raise ConfigurationError(message)
        return cls(
            selected=selected,
            ignored=ignored,
            waived=waived,
            require=tuple([Group(name) for name in require]),
            fail_on=Severity(fail_on),
            scripts=judged,
        )

    @property
    def judged(self) -> frozenset[str]:
        """Names of the rules that are judged."""
        return self.selected - self.ignored

    def without(self, names: Collection[str]) -> "Selection":
        """Return the selection without some rules.

        Args:
            names: Names of rules.
        """
        return evolve(self, ignored=self.ignored | frozenset(names))


def _expand(names: Collection[str], infos: Sequence[RuleInfo], option: str) -> frozenset[str]:
    if not names:
        return frozenset()
    known = {info.name for info in infos} | {info.group.value for info in infos}
    for name in names:
        _check_name(name, known, option, "rule or group")
    named = frozenset(names)
    return frozenset(info.name for info in infos if info.name in named or info.group.value in named)


def _script(name: str) -> Script:
    try:
        return Script(name)
    except ValueError:
        message = f"script: there is no script {name!r}; they are {', '.join(Script)}"
        raise ConfigurationError(message) from None


def _check_waivers(waived: Mapping[str, str], infos: Sequence[RuleInfo]) -> None:
    for name, reason in waived.items():
        _check_name(name, {info.name for info in infos}, "waived", "rule")
        if not str(reason or "").strip():
            message = f'waived: {name} has no reason; write {name} = "why this breach is accepted, until when"'
            raise ConfigurationError(message)


def _check_name(name: str, known: Collection[str], option: str, what: str) -> None:
    if name not in known:
        message = f"{option}: {problem_of_name(name, known, what)}"
        raise ConfigurationError(message)
