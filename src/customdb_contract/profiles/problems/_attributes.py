"""What can be wrong with the e-mail, the names and the other attributes that Auth0 knows at the root of a profile."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from customdb_contract.profiles._limits import (
    NAME_MAX,
    NICKNAME_MAX,
    PHONE_PATTERN,
    PICTURE_PATTERN,
    email_problem,
    mfa_factors_problem,
    username_problem,
)
from customdb_contract.profiles.problems._problem import Circumstances, Problem
from customdb_contract.profiles.problems._values import is_undefined, kind_of
from customdb_contract.severity import Severity

__all__ = [
    "email_not_lowercase",
    "email_verified_not_boolean",
    "invalid_email",
    "invalid_mfa_factors",
    "invalid_name",
    "invalid_phone_number",
    "invalid_picture",
    "invalid_username",
    "missing_email_verified",
]

_PHONE: Final = re.compile(PHONE_PATTERN)
_PICTURE: Final = re.compile(PICTURE_PATTERN)
_NAMES: Final = {"name": NAME_MAX, "given_name": NAME_MAX, "family_name": NAME_MAX, "nickname": NICKNAME_MAX}


def _judge_attribute(
    profile: Mapping[str, object],
    rule: str,
    name: str,
    problem_of: Callable[[object], str | None],
    severity: Severity,
) -> Iterator[Problem | None]:
    """Judge an attribute if it is there."""
    value = profile.get(name)
    if value is None or is_undefined(value):
        return
    problem = problem_of(value)
    if problem is None:
        yield None
        return
    yield Problem(
        rule=rule,
        path=name,
        problem=problem,
        severity=severity,
        got=kind_of(value),
        returned=f"{name} that {problem}",
    )


def _judge_needed(
    profile: Mapping[str, object],
    rule: str,
    name: str,
    problem_of: Callable[[str], str | None],
    severity: Severity,
) -> Iterator[Problem | None]:
    """Judge an attribute that must be there."""
    value = profile.get(name)
    problem = "is missing" if value is None else _text_problem(problem_of, value)
    if problem is None:
        yield None
        return
    yield Problem(
        rule=rule,
        path=name,
        problem=problem,
        severity=severity,
        got=kind_of(value),
        returned=f"a profile whose {name} {problem}",
    )


def _text_problem(problem_of: Callable[[str], str | None], value: object) -> str | None:
    """Return what is wrong with a value that must be text, or None."""
    return problem_of(value) if isinstance(value, str) else f"is {kind_of(value)} instead of text"


def _flag_problem(value: object) -> str | None:
    return None if isinstance(value, bool) else f"is {kind_of(value)} instead of true or false"


def invalid_email(profile: Mapping[str, object], circumstances: Circumstances) -> Iterator[Problem | None]:
    """Judge whether there is an e-mail, and whether it is an e-mail address."""
    owner = circumstances.owner
    if profile.get("email") is None and owner is not None and owner.email is None:
        return
    yield from _judge_needed(profile, "invalid-email", "email", email_problem, circumstances.refused)


def email_not_lowercase(profile: Mapping[str, object], circumstances: Circumstances) -> Iterator[Problem | None]:
    """Judge whether an e-mail that Auth0 will import is in lower case."""
    if circumstances.import_mode:
        yield from _judge_attribute(profile, "email-not-lowercase", "email", _case_problem, Severity.WARNING)


def _case_problem(email: object) -> str | None:
    is_lower = not isinstance(email, str) or email == email.lower()
    return None if is_lower else "has upper-case letters, and Auth0 stores it in lower case"


def email_verified_not_boolean(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether `email_verified` is true or false."""
    yield from _judge_attribute(profile, "email-verified-not-boolean", "email_verified", _flag_problem, Severity.ERROR)


def missing_email_verified(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether a profile with an e-mail has `email_verified`."""
    if profile.get("email") is None:
        return
    if profile.get("email_verified") is not None:
        yield None
        return
    yield Problem(
        rule="missing-email-verified",
        path="email_verified",
        problem="is missing; return true or false",
        severity=Severity.WARNING,
        expected="true or false",
        returned="a profile without email_verified; return true or false",
    )


def invalid_username(profile: Mapping[str, object], circumstances: Circumstances) -> Iterator[Problem | None]:
    """Judge whether Auth0 would import a username, and whether it is there if it is required."""
    if not circumstances.import_mode or (profile.get("username") is None and not circumstances.requires_username):
        return
    yield from _judge_needed(profile, "invalid-username", "username", username_problem, Severity.ERROR)


def invalid_name(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether names are strings of an allowed length."""
    for name, most in _NAMES.items():
        problem_of = partial(_text_problem, partial(_name_problem, most))
        yield from _judge_attribute(profile, "invalid-name", name, problem_of, Severity.WARNING)


def _name_problem(most: int, name: str) -> str | None:
    if not name:
        return "is empty; leave it out"
    return f"has {len(name)} characters, and at most {most} are allowed" if len(name) > most else None


def invalid_phone_number(profile: Mapping[str, object], circumstances: Circumstances) -> Iterator[Problem | None]:
    """Judge whether a phone number has the form of E.164, and whether `phone_verified` is true or false."""
    rule, severity = "invalid-phone-number", circumstances.refused
    phone_problem = partial(_text_problem, _phone_problem)
    yield from _judge_attribute(profile, rule, "phone_number", phone_problem, severity)
    yield from _judge_attribute(profile, rule, "phone_verified", _flag_problem, severity)


def _phone_problem(number: str) -> str | None:
    return None if _PHONE.fullmatch(number) else "is not + and 1 to 15 digits"


def invalid_picture(profile: Mapping[str, object], _: Circumstances) -> Iterator[Problem | None]:
    """Judge whether a picture is an absolute URL."""
    problem_of = partial(_text_problem, _picture_problem)
    yield from _judge_attribute(profile, "invalid-picture", "picture", problem_of, Severity.WARNING)


def _picture_problem(address: str) -> str | None:
    return None if _PICTURE.fullmatch(address) else "is not an absolute URL"


def invalid_mfa_factors(profile: Mapping[str, object], circumstances: Circumstances) -> Iterator[Problem | None]:
    """Judge whether Auth0 would import the factors; with import mode off, it ignores them."""
    on = circumstances.import_mode
    problem_of, severity = (mfa_factors_problem, Severity.ERROR) if on else (_ignored, Severity.INFO)
    yield from _judge_attribute(profile, "invalid-mfa-factors", "mfa_factors", problem_of, severity)


def _ignored(_: object) -> str:
    return "is ignored: factors are imported only with import mode on"
