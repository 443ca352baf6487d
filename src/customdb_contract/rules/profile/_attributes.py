"""The other attributes that Auth0 knows at the root of a profile."""

import functools
import re
from collections.abc import Iterator
from typing import Final

from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.profiles import (
    NAME_MAX,
    NICKNAME_MAX,
    PHONE_PATTERN,
    PICTURE_PATTERN,
    mfa_factors_problem,
    username_problem,
)
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import sightings
from customdb_contract.rules._wording import kind_of
from customdb_contract.rules.profile._attribute_of import judge_attribute, strict_severity, text_problem
from customdb_contract.transcript import Transcript, Value

_STRUCTURE: Final = "https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure"
_USERNAME: Final = "https://auth0.com/docs/authenticate/database-connections/require-username"
_MFA: Final = "https://auth0.com/docs/manage-users/user-migration/import-user-mfa-authenticator-enrollments"
_PHONE: Final = re.compile(PHONE_PATTERN)
_PICTURE: Final = re.compile(PICTURE_PATTERN)


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.IMPORT_MODE, Need.GET_USER), source=_USERNAME)
def invalid_username(transcript: Transcript) -> Iterator[Comparison]:
    """With import mode on, a username is missing where the connection requires one, or Auth0 would refuse it.

    ## Why this matters
    Auth0 checks the usernames that it imports: at most 128 characters (15 unless the connection says otherwise), only
    letters, digits and ``@ ^ $ . ! ` - # + ' ~ _``, and no e-mail addresses. Who has another one cannot log in, and the
    reason stands in the tenant log only.

    ## Violates
        connection import_mode=on requires_username=on
        person ada email=ada@example.com username="ada l"
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "username": "ada l"}

    ## Conforms
        connection import_mode=on requires_username=on
        person ada email=ada@example.com username=ada.l
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "username": "ada.l"}

    ## How to fix
    Rename these users before the migration, or map their names to allowed ones in one place.
    """
    if not transcript.connection.import_mode:
        return
    for exchange in sightings(transcript):
        username = (exchange.profile or {}).get("username")
        if username is None and not transcript.connection.requires_username:
            continue
        problem = "is missing" if username is None else text_problem(username, username_problem)
        if problem:
            message = f"{exchange.script} returned a profile whose username {problem}"
            yield Violation(message, (exchange,), path="username", got=kind_of(username))
        else:
            yield Held((exchange,))


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), source=_STRUCTURE)
def invalid_name(transcript: Transcript) -> Iterator[Comparison]:
    """A name is empty, too long, or no text.

    ## Why this matters
    `name`, `given_name` and `family_name` have 1 to 150 characters, `nickname` 1 to 350. An empty text is no absent
    name: Auth0 generates a name only where there is none.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "given_name": ""}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "given_name": "Ada"}

    ## How to fix
    Leave out what is not known: `row.given_name or None`.
    """
    limits = {"name": NAME_MAX, "given_name": NAME_MAX, "family_name": NAME_MAX, "nickname": NICKNAME_MAX}
    for name, most in limits.items():
        yield from judge_attribute(transcript, name, functools.partial(_name_problem, most), Severity.WARNING)


def _name_problem(most: int, value: Value) -> str | None:
    if not isinstance(value, str):
        return f"is {kind_of(value)} instead of text"
    if not value:
        return "is empty; leave it out"
    return f"has {len(value)} characters, and at most {most} are allowed" if len(value) > most else None


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), source=_STRUCTURE)
def invalid_phone_number(transcript: Transcript) -> Iterator[Comparison]:
    """A phone number is not in the form of E.164, or `phone_verified` is no boolean.

    ## Why this matters
    Auth0 takes `+` and 1 to 15 digits, without blanks or dashes. With import mode on it refuses the profile otherwise,
    so the person cannot log in.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "phone_number": "0171 123"}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "phone_number": "+49171123"}

    ## How to fix
    Convert it, or leave it out where it cannot be converted.
    """
    severity = strict_severity(transcript)
    yield from judge_attribute(
        transcript,
        "phone_number",
        lambda value: text_problem(value, lambda text: None if _PHONE.match(text) else "is not + and 1 to 15 digits"),
        severity,
    )
    yield from judge_attribute(
        transcript,
        "phone_verified",
        lambda value: None if isinstance(value, bool) else f"is {kind_of(value)} instead of true or false",
        severity,
    )


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), source=_STRUCTURE)
def invalid_picture(transcript: Transcript) -> Iterator[Comparison]:
    """A picture is no absolute web address.

    ## Why this matters
    Applications show it as it is. A relative path points into the application, an empty text shows a broken picture,
    and Auth0 generates one only where there is none.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "picture": "/img/7.png"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "picture": "https://a.test/7.png"}

    ## How to fix
    Return the whole address, or leave it out.
    """
    yield from judge_attribute(
        transcript,
        "picture",
        lambda value: text_problem(value, lambda text: None if _PICTURE.match(text) else "is no absolute web address"),
        Severity.WARNING,
    )


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), source=_MFA)
def invalid_mfa_factors(transcript: Transcript) -> Iterator[Comparison]:
    """`mfa_factors` doesn't have the form that Auth0 imports, or is there with import mode off.

    ## Why this matters
    With import mode on, the log-in fails ("Unable to import MFA factors."). An empty array fails too; so does a TOTP
    secret in lower case or with padding. With import mode off the factors are ignored.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "mfa_factors": []}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "mfa_factors": [{"phone": {"value": "+15551234"}}]}

    ## How to fix
    Return one to ten objects, each with one of `totp`, `phone` and `email`; return nothing for people without factors.

    ```python
    if row.totp_secret:
        profile["mfa_factors"] = [{"totp": {"secret": row.totp_secret.upper().rstrip("=")}}]
    ```
    """
    if transcript.connection.import_mode:
        yield from judge_attribute(transcript, "mfa_factors", mfa_factors_problem, Severity.ERROR)
    else:
        ignored = "is ignored: factors are imported with import mode on only"
        yield from judge_attribute(transcript, "mfa_factors", lambda _: ignored, Severity.INFO)
