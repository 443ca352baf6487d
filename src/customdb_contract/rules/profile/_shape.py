"""What a profile must not carry, and how large it may be."""

from collections.abc import Iterator
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.profiles import (
    PROFILE_ALLOWANCE_BYTES,
    PROFILE_MAX_BYTES,
    RESERVED_ROOT_ATTRIBUTES,
    SUSPECT_ROOT_ATTRIBUTES,
)
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import sightings
from customdb_contract.transcript import Special, Transcript, json_size

_STRUCTURE: Final = "https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure"
_METADATA: Final = "https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data"
_BEST_PRACTICES: Final = (
    "https://auth0.com/docs/authenticate/database-connections/custom-db/action-script-best-practices"
)
_OVERSIZED: Final = (
    "https://auth0.com/docs/troubleshoot/product-lifecycle/deprecations-and-migrations/migrate-oversized-user-profiles"
)
_NEARLY_TOO_LARGE: Final = 8_192


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


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), source=_OVERSIZED)
def profile_too_large(transcript: Transcript) -> Iterator[Comparison]:
    """A profile is larger than 10 KB.

    ## Why this matters
    Auth0 flags such profiles in the tenant log, and lets them pass up to about ten times the limit. Beyond that log-ins
    fail; tenants that had such profiles before keep the old behaviour until 2027-03-04.

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
        if size > PROFILE_ALLOWANCE_BYTES:
            message = (
                f"{exchange.script} returned a profile of {{got}}; above about {{expected}} log-ins fail, "
                "in tenants that had such profiles before from 2027-03-04 on"
            )
            yield Violation(message, (exchange,), Severity.ERROR, path="size", expected="100 KB", got=about)
        elif size > PROFILE_MAX_BYTES:
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
