"""Selection: the rules to judge, and what makes a report fail, with checked names."""

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
    """The rules of a catalogue to judge, and what makes a report fail; built by `of`, which checks every name.

    Args:
        selected: Names of the rules to judge.
        ignored: Names of rules whose findings are not reported, but which still take precedence over more general
        rules. waived: Rules whose breaches are accepted, with the reasons. require: Groups that must have been judged.
        fail_on: The lowest severity that makes the report fail. scripts: The scripts whose findings are reported; empty
        means all.
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
        """Return the selection for a team's options.

        Args:
            catalogue: All rules.
            select: Names of rules or groups to judge; empty means all.
            ignore: Names of rules or groups to leave out.
            scripts: Names of the scripts to judge; empty means all scripts and the Action.
            waived: Rules whose breaches are accepted, with the reasons.
            require: Names of groups that must have been judged.
            fail_on: The lowest severity that makes the report fail: `error` or `warning`.

        Raises:
            ConfigurationError: If a rule, a group or a script is unknown, a waiver has no reason, or `fail_on` has
                another value.
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
            message = f"fail_on must be 'error' or 'warning', not {fail_on!r}"
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
        """Names of the rules to judge."""
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
        message = f"script: there is no script {name!r}; the scripts are {', '.join(Script)}"
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
