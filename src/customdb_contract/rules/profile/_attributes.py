"""The rules about the attributes of a profile, one by one."""

import functools
import re
from collections.abc import Callable, Iterator
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.profiles import (
    NAME_MAX,
    NICKNAME_MAX,
    PHONE_PATTERN,
    PICTURE_PATTERN,
    PROFILE_MAX_BYTES,
    RESERVED_ROOT_ATTRIBUTES,
    SUSPECT_ROOT_ATTRIBUTES,
    email_problem,
    mfa_factors_problem,
    username_problem,
)
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import sightings
from customdb_contract.rules._wording import kind_of
from customdb_contract.transcript import Special, Transcript, Value, json_size

_STRUCTURE: Final = "https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure"
_VERIFY: Final = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/verify"
_USERNAME: Final = "https://auth0.com/docs/authenticate/database-connections/require-username"
_MFA: Final = "https://auth0.com/docs/manage-users/user-migration/import-user-mfa-authenticator-enrollments"
_METADATA: Final = "https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data"
_BEST_PRACTICES: Final = (
    "https://auth0.com/docs/authenticate/database-connections/custom-db/action-script-best-practices"
)
_PHONE: Final = re.compile(PHONE_PATTERN)
_PICTURE: Final = re.compile(PICTURE_PATTERN)
_NEARLY_TOO_LARGE: Final = 8_192


def _attribute(
    transcript: Transcript, name: str, problem_of: Callable[[Value], str | None], severity: Severity
) -> Iterator[Comparison]:
    """Judge one attribute wherever it is there."""
    for exchange in sightings(transcript):
        value = (exchange.profile or {}).get(name)
        if value is None or (isinstance(value, Special) and value.kind == "undefined"):
            continue
        problem = problem_of(value)
        if problem:
            message = f"{exchange.script} returned {name} that {problem}"
            yield Violation(message, (exchange,), severity, path=name, got=kind_of(value))
        else:
            yield Held((exchange,))


def _text_problem(value: Value, problem_of: Callable[[str], str | None]) -> str | None:
    return problem_of(value) if isinstance(value, str) else f"is {kind_of(value)} instead of text"


def _strict(transcript: Transcript) -> Severity:
    """Return the severity of what Auth0 refuses with import mode on."""
    return Severity.ERROR if transcript.connection.import_mode else Severity.WARNING


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), source=_STRUCTURE)
def invalid_email(transcript: Transcript) -> Iterator[Comparison]:
    """A profile has no e-mail, or one that is no e-mail address.

    ## Why this matters
    With import mode on, Auth0 refuses a profile without a valid e-mail: the person cannot log in. With import mode off,
    no mail ever reaches them. At most 64 characters may stand before the `@`, and 254 in all.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada at example.com"}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## How to fix
    Return the e-mail of the record as it is, under the name `email`. Clean the records before the migration.
    """
    for exchange in sightings(transcript):
        email = (exchange.profile or {}).get("email")
        person = transcript.person(exchange.person)
        if email is None and person is not None and person.email is None:
            continue
        problem = "is missing" if email is None else _text_problem(email, email_problem)
        if problem:
            message = f"{exchange.script} returned a profile whose email {problem}"
            yield Violation(message, (exchange,), _strict(transcript), path="email", got=kind_of(email))
        else:
            yield Held((exchange,))


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.IMPORT_MODE, Need.GET_USER), source=_STRUCTURE)
def email_not_lowercase(transcript: Transcript) -> Iterator[Comparison]:
    """With import mode on, a profile has an e-mail with upper-case letters.

    ## Why this matters
    Auth0 stores imported e-mails in lower case. What compares Auth0's e-mail with that of the legacy store, a later
    lookup for instance, then misses.

    ## Violates
        connection import_mode=on
        person ada email=Ada@example.com
        get_user Ada@example.com -> found {"user_id": "7", "email": "Ada@example.com"}

    ## Conforms
        connection import_mode=on
        person ada email=Ada@example.com
        get_user Ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## How to fix
    Return it in lower case: `row.email.lower()`.
    """
    if transcript.connection.import_mode:
        yield from _attribute(
            transcript,
            "email",
            lambda email: (
                "has upper-case letters, and Auth0 stores it in lower case"
                if isinstance(email, str) and email != email.lower()
                else None
            ),
            Severity.WARNING,
        )


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), source=_STRUCTURE)
def email_verified_not_boolean(transcript: Transcript) -> Iterator[Comparison]:
    """`email_verified` is 1, 0 or a text instead of true or false.

    ## Why this matters
    Auth0 stores what it gets. `"false"` and `"0"` are texts that count as true in JavaScript, so people pass for
    verified who are not.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "email_verified": 1}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "email_verified": true}

    ## How to fix
    Convert the column: `bool(row.verified)` in Python, `row.verified === 1` in JavaScript.
    """
    yield from _attribute(
        transcript,
        "email_verified",
        lambda value: None if isinstance(value, bool) else f"is {kind_of(value)} instead of true or false",
        Severity.ERROR,
    )


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), source=_VERIFY)
def missing_email_verified(transcript: Transcript) -> Iterator[Comparison]:
    """A profile with an e-mail doesn't say whether it is verified.

    ## Why this matters
    Auth0 then takes it for unverified: everybody gets a verification mail at the first log-in, and with import mode off
    stays unverified for ever, because only these scripts can say otherwise.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "email_verified": false}

    ## How to fix
    Return `email_verified` from both scripts, from what the store knows.
    """
    for exchange in sightings(transcript):
        profile = exchange.profile or {}
        if profile.get("email") is None:
            continue
        if profile.get("email_verified") is None:
            message = f"{exchange.script} returned a profile without email_verified; return true or false"
            yield Violation(message, (exchange,), path="email_verified", expected="true or false")
        else:
            yield Held((exchange,))


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
        problem = "is missing" if username is None else _text_problem(username, username_problem)
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
        yield from _attribute(transcript, name, functools.partial(_name_problem, most), Severity.WARNING)


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
    severity = _strict(transcript)
    yield from _attribute(
        transcript,
        "phone_number",
        lambda value: _text_problem(value, lambda text: None if _PHONE.match(text) else "is not + and 1 to 15 digits"),
        severity,
    )
    yield from _attribute(
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
    yield from _attribute(
        transcript,
        "picture",
        lambda value: _text_problem(value, lambda text: None if _PICTURE.match(text) else "is no absolute web address"),
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
        yield from _attribute(transcript, "mfa_factors", mfa_factors_problem, Severity.ERROR)
    else:
        ignored = "is ignored: factors are imported with import mode on only"
        yield from _attribute(transcript, "mfa_factors", lambda _: ignored, Severity.INFO)


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), source=_STRUCTURE)
def reserved_root_attribute(transcript: Transcript) -> Iterator[Comparison]:
    """A profile has a root attribute that Auth0 manages itself.

    ## Why this matters
    Auth0 overwrites or refuses it, or, worse, keeps the legacy store's `last_login` where its own is expected.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "last_login": "2019-01-01"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"legacy_last_login": "2019-01-01"}}

    ## How to fix
    Name the attributes that you return, instead of returning the whole row; put what you need into `app_metadata`.
    """
    for exchange in sightings(transcript):
        found = sorted(RESERVED_ROOT_ATTRIBUTES.intersection(exchange.profile or {}))
        suspect = sorted(SUSPECT_ROOT_ATTRIBUTES.intersection(exchange.profile or {}))
        if found:
            names = ", ".join(found)
            message = f"{exchange.script} returned {names} at the root, which Auth0 manages itself"
            yield Violation(message, (exchange,), path=names)
        if suspect:
            names = ", ".join(suspect)
            message = f"{exchange.script} returned {names} at the root, a name that Auth0 uses itself"
            yield Violation(message, (exchange,), Severity.INFO, path=names)
        if not found and not suspect:
            yield Held((exchange,))


@rule(
    group=Group.PROFILE,
    severity=Severity.INFO,
    needs=(Need.GET_USER,),
    source="good practice: a value that JSON does not have is mostly a column under another name",
)
def undefined_attribute(transcript: Transcript) -> Iterator[Comparison]:
    """A root attribute is undefined or not a number.

    ## Why this matters
    It is mostly a hint: the column has another name than the script thinks, and the attribute is missing for everybody.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "age": {"$special": "float", "text": "nan", "size": null}}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "age": 36}

    ## How to fix
    Check the names of the columns; leave out what is not known.
    """
    for exchange in sightings(transcript):
        profile = (exchange.profile or {}).items()
        found = [name for name, one in profile if isinstance(one, Special) and one.kind in {"undefined", "float"}]
        if found:
            names = ", ".join(sorted(found))
            yield Violation(f"{exchange.script} returned {names} without a value", (exchange,), path=names)
        else:
            yield Held((exchange,))


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), source=_METADATA)
def profile_too_large(transcript: Transcript) -> Iterator[Comparison]:
    """A profile is larger than 10 KB.

    ## Why this matters
    Auth0 says that such profiles "succeed for now, but may start to fail"; they are flagged in the tenant log, and the
    profile travels with every log-in.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "cv": {"$special": "long-text", "text": "…", "size": 90000}}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## How to fix
    Return what applications need, and leave the rest in the legacy store.
    """
    for exchange in sightings(transcript):
        size = json_size(exchange.profile)
        about = f"about {size // 1024} KB"
        if size > PROFILE_MAX_BYTES:
            message = f"{exchange.script} returned a profile of {{got}}; at most {{expected}} are allowed"
            yield Violation(message, (exchange,), path="size", expected="10 KB", got=about)
        elif size > _NEARLY_TOO_LARGE:
            message = f"{exchange.script} returned a profile of {{got}}, which nears the limit of {{expected}}"
            yield Violation(message, (exchange,), Severity.INFO, path="size", expected="10 KB", got=about)
        else:
            yield Held((exchange,))


@rule(
    group=Group.PROFILE,
    severity=Severity.INFO,
    scripts=(Script.LOGIN, Script.GET_USER),
    needs=(Need.GET_USER,),
    source=_BEST_PRACTICES,
)
def idp_token_in_profile(transcript: Transcript) -> Iterator[Comparison]:
    """A profile carries an access token or a refresh token.

    ## Why this matters
    Auth0 keeps it in the user's identity, where everybody with the permission `read:user_idp_tokens` can read it. That
    may be wanted; it should be a decision.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7", "access_token": "…"}

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}

    ## How to fix
    Leave the tokens out, or ignore this rule with the reason.
    """
    for exchange in sightings(transcript):
        names = [name for name in ("access_token", "refresh_token") if (exchange.profile or {}).get(name) is not None]
        if names:
            message = f"{exchange.script} returned {' and '.join(names)}; Auth0 stores it"
            yield Violation(message, (exchange,), path=", ".join(names))
        else:
            yield Held((exchange,))
