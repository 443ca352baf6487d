"""The rules of an audit, and what happens to the users who break them."""

from collections.abc import Collection, Mapping
from typing import Final

from customdb_contract.audit._findings import Fate
from customdb_contract.audit._own_rules import OWN_RULES, AuditedRule
from customdb_contract.errors import ConfigurationError
from customdb_contract.profiles.problems import PREDICATES
from customdb_contract.rules import CATALOGUE, problem_of_name

__all__ = ["AUDITED", "find_audited", "select_audited"]


_FATES: Final[Mapping[str, Fate]] = {
    "missing-user-id": Fate.REFUSED,
    "user-id-not-a-string": Fate.SECOND_ACCOUNT,
    "invalid-user-id": Fate.REFUSED,
    "prefixed-user-id": Fate.SECOND_ACCOUNT,
    "mutable-user-id": Fate.SECOND_ACCOUNT,
    "invalid-email": Fate.REFUSED,
    "email-not-lowercase": Fate.LOST_ATTRIBUTE,
    "email-verified-not-boolean": Fate.LOST_ATTRIBUTE,
    "missing-email-verified": Fate.LOST_ATTRIBUTE,
    "invalid-username": Fate.REFUSED,
    "invalid-name": Fate.LOST_ATTRIBUTE,
    "invalid-phone-number": Fate.REFUSED,
    "invalid-picture": Fate.LOST_ATTRIBUTE,
    "invalid-mfa-factors": Fate.REFUSED,
    "reserved-root-attribute": Fate.LOST_ATTRIBUTE,
    "undefined-attribute": Fate.LOST_ATTRIBUTE,
    "profile-too-large": Fate.REFUSED,
    "idp-token-in-profile": Fate.EXPOSED,
    "reserved-app-metadata": Fate.LOST_METADATA,
    "invalid-metadata-key": Fate.LOST_METADATA,
    "metadata-not-json": Fate.LOST_METADATA,
    "legacy-metadata-name": Fate.LOST_METADATA,
    "metadata-shadows-profile": Fate.LOST_ATTRIBUTE,
    "dynamic-metadata-keys": Fate.LOST_METADATA,
    "access-in-user-metadata": Fate.EXPOSED,
    "secret-in-profile": Fate.EXPOSED,
    "shared-user-id": Fate.WRONG_ACCOUNT,
    "shared-email": Fate.REFUSED,
    "shared-username": Fate.REFUSED,
    "shared-phone-number": Fate.REFUSED,
    "unicode-email-collision": Fate.REFUSED,
    "inconsistent-metadata-type": Fate.LOST_METADATA,
}
"""What happens to the users who break a rule that checks have too."""


def _audited() -> tuple[AuditedRule, ...]:
    of_one = [info for info in (rule.info for rule in CATALOGUE) if info.name in PREDICATES]
    of_all = [info for info in (rule.info for rule in CATALOGUE) if info.name in _FATES and info.name not in PREDICATES]
    one, others = OWN_RULES[:2], OWN_RULES[2:]
    known = {
        info.name: AuditedRule(
            name=info.name,
            group=info.group,
            severity=info.severity,
            summary=info.summary,
            fate=_FATES[info.name],
            of_all_users=info.name not in PREDICATES,
        )
        for info in (*of_one, *of_all)
    }
    return (*one, *(known[info.name] for info in of_one), *others, *(known[info.name] for info in of_all))


AUDITED: Final = _audited()
"""Every rule of an audit; those that compare users come last."""


def select_audited(select: Collection[str], ignore: Collection[str]) -> tuple[AuditedRule, ...]:
    """Return the selected rules of an audit.

    Args:
        select: The names of the rules or groups to check; empty stands for all.
        ignore: The names of rules or groups to leave out.

    Raises:
        ConfigurationError: If there is no such rule or group.
    """
    selected, ignored = _expand(select, "select") if select else frozenset(AUDITED), _expand(ignore, "ignore")
    return tuple([rule for rule in AUDITED if rule in selected and rule not in ignored])


def find_audited(name: str) -> AuditedRule:
    """Return a rule of an audit.

    Args:
        name: Its name.

    Raises:
        ConfigurationError: If there is no such rule, or it does not apply to audits.
    """
    known = {rule.name: rule for rule in AUDITED}
    if name not in known:
        raise ConfigurationError(_no_such(name, known, "rule"))
    return known[name]


def _expand(names: Collection[str], option: str) -> frozenset[AuditedRule]:
    groups = frozenset(rule.group.value for rule in AUDITED)
    known = frozenset(rule.name for rule in AUDITED) | groups
    for name in names:
        if name not in known:
            message = f"{option}: {_no_such(name, known, 'rule or group')}"
            raise ConfigurationError(message)
    return frozenset(rule for rule in AUDITED if rule.name in names or rule.group.value in names)


def _no_such(name: str, known: Collection[str], what: str) -> str:
    if any(rule.info.name == name for rule in CATALOGUE):
        return f"the rule {name!r} checks what scripts do, so it does not apply to an audit"
    return problem_of_name(name, known, what)
