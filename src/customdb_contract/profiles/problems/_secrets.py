"""Secrets in a profile, found by the names and the formats of its values."""

from collections.abc import Iterator, Mapping
from typing import Final

from customdb_contract.profiles.problems._problem import Circumstances, Problem
from customdb_contract.profiles.problems._values import not_json, walk, without_secrets
from customdb_contract.secrets import TOLD, SecretKind, kind_by_name, kinds_in
from customdb_contract.severity import Severity

__all__ = ["secret_in_profile"]

_FOUND: Final = {
    SecretKind.PASSWORD: "a password",
    SecretKind.NEW_PASSWORD: "a password",
    SecretKind.CONFIGURATION: "a secret of the configuration",
    SecretKind.KEYWORD: "a secret of the configuration",
    SecretKind.OTHER: "a secret",
    SecretKind.PASSWORD_HASH: "the hash of a password",
    SecretKind.PRIVATE_KEY: "a private key",
    SecretKind.URL_CREDENTIALS: "credentials in a URL",
    SecretKind.TOTP_SECRET: "a TOTP secret",
}


def secret_in_profile(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether there are secrets: markers of known ones, and values with the format or the name of a secret."""
    is_clean = True
    for path, key, value in walk("", profile):
        problem = _problem(path, key, value)
        if problem is not None:
            is_clean = False
            yield problem
    if is_clean:
        yield None


def _problem(path: str, key: str, value: object) -> Problem | None:
    odd = not_json(value)
    text = value if isinstance(value, str) else "" if odd is None else odd.text
    by_name = kind_by_name(key, text)
    kinds = set(kinds_in(f"{key}\n{text}"))
    if by_name is not None:
        kinds.add(by_name)
    elif not kinds:
        return None
    if path.startswith("mfa_factors"):
        # The contract requires the secrets of one-time passwords here.
        kinds, by_name = kinds & TOLD, None
    elif by_name:
        kinds.discard(SecretKind.TOTP_SECRET)
    found = next((what for kind, what in _FOUND.items() if kind in kinds), None)
    if found is None and by_name is None:
        return None
    shown = without_secrets(path)
    if found is None:
        return Problem(
            rule="secret-in-profile",
            path=shown,
            problem="has the name of a secret; return no secrets",
            severity=Severity.WARNING,
            returned=f"{shown}, whose name suggests a secret",
        )
    return Problem(
        rule="secret-in-profile",
        path=shown,
        problem=f"contains {found}; return no secrets",
        severity=Severity.ERROR,
        got=found,
        returned=f"{found} in {shown}; return no secrets",
    )
