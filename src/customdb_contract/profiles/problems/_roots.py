"""What a profile must not have at its root, and how large it may be."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from customdb_contract.profiles._limits import (
    PROFILE_ALLOWANCE_BYTES,
    PROFILE_MAX_BYTES,
    RESERVED_ROOT_ATTRIBUTES,
    SUSPECT_ROOT_ATTRIBUTES,
)
from customdb_contract.profiles.problems._problem import Circumstances, Problem
from customdb_contract.profiles.problems._values import json_size, not_json, without_secrets
from customdb_contract.severity import Severity

__all__ = ["idp_token_in_profile", "profile_too_large", "reserved_root_attribute", "undefined_attribute"]

_NEARLY_TOO_LARGE: Final = 8_192
_TOKENS: Final = ("access_token", "refresh_token")
_WITHOUT_VALUE: Final = frozenset({"undefined", "float"})


def reserved_root_attribute(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether there are root attributes that Auth0 manages itself."""
    found = _named(RESERVED_ROOT_ATTRIBUTES.intersection(profile))
    suspect = _named(SUSPECT_ROOT_ATTRIBUTES.intersection(profile))
    if found:
        yield Problem(
            rule="reserved-root-attribute",
            path=found,
            problem="must not be returned: Auth0 manages such attributes itself",
            severity=Severity.WARNING,
            returned=f"{found} at the root, which Auth0 manages itself",
        )
    if suspect:
        yield Problem(
            rule="reserved-root-attribute",
            path=suspect,
            problem="should not be returned: Auth0 uses such names itself",
            severity=Severity.INFO,
            returned=f"{suspect} at the root, a name that Auth0 uses itself",
        )
    if not found and not suspect:
        yield None


def undefined_attribute(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether root attributes are undefined or not a number."""
    odd = ((name, not_json(value)) for name, value in profile.items())
    names = _named(name for name, value in odd if value is not None and value.kind in _WITHOUT_VALUE)
    if not names:
        yield None
        return
    yield Problem(
        rule="undefined-attribute",
        path=names,
        problem="without a value",
        severity=Severity.INFO,
        returned=f"{names} without a value",
    )


def profile_too_large(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge the size of a profile as JSON."""
    size = json_size(profile)
    if size > PROFILE_ALLOWANCE_BYTES:
        beyond = "log-ins fail, in tenants that had such profiles before from 2027-03-04 on"
        problem, returned = f"and above about {{expected}} {beyond}", f"; above about {{expected}} {beyond}"
        severity, expected = Severity.ERROR, "100 KB"
    elif size > PROFILE_MAX_BYTES:
        problem, returned = "and at most {expected} are allowed", "; at most {expected} are allowed"
        severity, expected = Severity.WARNING, "10 KB"
    elif size > _NEARLY_TOO_LARGE:
        problem, returned = "which nears the limit of {expected}", ", which nears the limit of {expected}"
        severity, expected = Severity.INFO, "10 KB"
    else:
        yield None
        return
    about = f"about {size // 1024} KB"
    yield Problem(
        rule="profile-too-large",
        path="size",
        problem=f"is {about}, {problem.replace('{expected}', expected)}",
        severity=severity,
        expected=expected,
        got=about,
        returned=f"a profile of {{got}}{returned}",
    )


def idp_token_in_profile(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether there are tokens of an identity provider."""
    names = [name for name in _TOKENS if profile.get(name) is not None]
    if not names:
        yield None
        return
    yield Problem(
        rule="idp-token-in-profile",
        path=", ".join(names),
        problem="should be left out: Auth0 stores such tokens",
        severity=Severity.INFO,
        returned=f"{' and '.join(names)}; Auth0 stores it",
    )


def _named(names: Iterable[str]) -> str:
    return without_secrets(", ".join(sorted(names)))
