"""Attributes that a profile must not have, and its size."""

from collections.abc import Iterator

from customdb_contract._pages import OVERSIZED_PROFILES, PROFILE_STRUCTURE, SCRIPT_PRACTICES
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Need, Severity
from customdb_contract.profiles import problems
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules.profile._judging import judge_profiles
from customdb_contract.transcript import Transcript


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), since="0.1.0", source=PROFILE_STRUCTURE)
def reserved_root_attribute(transcript: Transcript) -> Iterator[Comparison]:
    """A profile has a root attribute that Auth0 manages itself.

    ## Why this matters
    Auth0 overwrites or rejects it. Worse, it may keep the legacy store's `last_login` instead of its own.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "last_login": "2019-01-01"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"legacy_last_login": "2019-01-01"}}

    ## How to fix
    List the attributes to return instead of returning the whole row. Put those that you need into `app_metadata`.
    """
    yield from judge_profiles(transcript, problems.reserved_root_attribute)


@rule(
    group=Group.PROFILE,
    severity=Severity.INFO,
    needs=(Need.GET_USER,),
    since="0.1.0",
    source="good practice: a value that JSON cannot represent usually means that the column has another name",
)
def undefined_attribute(transcript: Transcript) -> Iterator[Comparison]:
    """A root attribute is undefined or not a number.

    ## Why this matters
    Usually the column has another name than the script expects, and every user lacks the attribute.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "age": {"$special": "float", "text": "nan", "size": null}}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "age": 36}

    ## How to fix
    Check the names of the columns; leave out unknown values.
    """
    yield from judge_profiles(transcript, problems.undefined_attribute)


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), since="0.1.0", source=OVERSIZED_PROFILES)
def profile_too_large(transcript: Transcript) -> Iterator[Comparison]:
    """A profile is larger than 10 KB.

    ## Why this matters
    Auth0 flags larger profiles in the tenant log, and accepts them up to about ten times the limit. Beyond that log-ins
    fail. Tenants that had such profiles before keep the old behaviour until 2027-03-04.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "cv": {"$special": "long-text", "text": "…", "size": 90000}}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## How to fix
    Return only what applications need, and leave the rest in the legacy store.
    """
    yield from judge_profiles(transcript, problems.profile_too_large)


@rule(
    group=Group.PROFILE,
    severity=Severity.INFO,
    scripts=(Script.LOGIN, Script.GET_USER),
    needs=(Need.GET_USER,),
    since="0.1.0",
    source=SCRIPT_PRACTICES,
)
def idp_token_in_profile(transcript: Transcript) -> Iterator[Comparison]:
    """A profile contains an access token or a refresh token.

    ## Why this matters
    Auth0 keeps it in the user's identity, where any client with the permission `read:user_idp_tokens` can read it. That
    may be intended, but it should be a deliberate decision.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7", "access_token": "…"}

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}

    ## How to fix
    Leave the tokens out, or ignore this rule and give the reason.
    """
    yield from judge_profiles(transcript, problems.idp_token_in_profile)
