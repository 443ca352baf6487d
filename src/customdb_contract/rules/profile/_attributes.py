"""The other root attributes of a profile that Auth0 knows."""

from collections.abc import Iterator

from customdb_contract._pages import IMPORTED_FACTORS, PROFILE_STRUCTURE, REQUIRED_USERNAME
from customdb_contract.findings import Group, Need, Severity
from customdb_contract.profiles import problems
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules.profile._judging import judge_profiles
from customdb_contract.transcript import Transcript


@rule(
    group=Group.PROFILE,
    severity=Severity.ERROR,
    needs=(Need.IMPORT_MODE, Need.GET_USER),
    since="0.1.0",
    source=REQUIRED_USERNAME,
)
def invalid_username(transcript: Transcript) -> Iterator[Comparison]:
    """With import mode on, a required username is missing, or Auth0 would reject it.

    ## Why this matters
    Auth0 checks the usernames that it imports: at most 128 characters (15 unless the connection sets another limit),
    only letters, digits and ``@ ^ $ . ! ` - # + ' ~ _``, and no e-mail addresses. A user with any other username can't
    log in, and the reason is only in the tenant log.

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
    yield from judge_profiles(transcript, problems.invalid_username)


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), since="0.1.0", source=PROFILE_STRUCTURE)
def invalid_name(transcript: Transcript) -> Iterator[Comparison]:
    """A name is empty, too long, or not a text.

    ## Why this matters
    `name`, `given_name` and `family_name` have 1 to 150 characters, `nickname` 1 to 350. An empty text is not an absent
    name: Auth0 generates a name only if there is none.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "given_name": ""}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "given_name": "Ada"}

    ## How to fix
    Leave out unknown names: `row.given_name or None`.
    """
    yield from judge_profiles(transcript, problems.invalid_name)


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=PROFILE_STRUCTURE)
def invalid_phone_number(transcript: Transcript) -> Iterator[Comparison]:
    """A phone number is not in E.164 form, or `phone_verified` is not a boolean.

    ## Why this matters
    Auth0 accepts `+` and 1 to 15 digits, without blanks or dashes. With import mode on it rejects any other profile,
    and the user can't log in.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "phone_number": "0171 123"}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "phone_number": "+49171123"}

    ## How to fix
    Convert the number to E.164, or leave it out if that is impossible.
    """
    yield from judge_profiles(transcript, problems.invalid_phone_number)


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), since="0.1.0", source=PROFILE_STRUCTURE)
def invalid_picture(transcript: Transcript) -> Iterator[Comparison]:
    """A picture is not an absolute URL.

    ## Why this matters
    Applications show it as it is. A relative path points into the application, an empty text shows a broken picture,
    and Auth0 generates a picture only if there is none.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "picture": "/img/7.png"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "picture": "https://a.test/7.png"}

    ## How to fix
    Return the absolute URL, or leave the picture out.
    """
    yield from judge_profiles(transcript, problems.invalid_picture)


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=IMPORTED_FACTORS)
def invalid_mfa_factors(transcript: Transcript) -> Iterator[Comparison]:
    """`mfa_factors` doesn't have the form that Auth0 imports, or is present with import mode off.

    ## Why this matters
    With import mode on, the log-in fails ("Unable to import MFA factors."). It also fails for an empty array, and for a
    TOTP secret in lower case or with padding. With import mode off the factors are ignored.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "mfa_factors": []}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "mfa_factors": [{"phone": {"value": "+15551234"}}]}

    ## How to fix
    Return one to ten objects, each with one of `totp`, `phone` and `email`; leave the attribute out for users without
    factors.

    ```python
    if row.totp_secret:
        profile["mfa_factors"] = [{"totp": {"secret": row.totp_secret.upper().rstrip("=")}}]
    ```
    """
    yield from judge_profiles(transcript, problems.invalid_mfa_factors)
