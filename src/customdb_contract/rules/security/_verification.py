"""The rule about e-mails that are not verified."""

from collections.abc import Iterator
from typing import Final

from customdb_contract._pages import ACTION_GUIDELINES
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import sightings
from customdb_contract.transcript import Transcript


@rule(
    group=Group.SECURITY,
    severity=Severity.WARNING,
    needs=(Need.UNVERIFIED_USER,),
    yields_to=("wrong-users-profile",),
    since="0.1.0",
    source=ACTION_GUIDELINES,
)
def email_verified_hardcoded(transcript: Transcript) -> Iterator[Comparison]:
    """A script returns an unverified e-mail as verified.

    ## Why this matters
    Applications trust verified e-mails: they link accounts and accept invitations by them. A user who signed up with
    another user's e-mail is then taken for that user.

    ## Violates
        person ada email=ada@example.com profile={"email_verified": false}
        get_user ada@example.com -> found {"user_id": "7", "email_verified": true}

    ## Conforms
        person ada email=ada@example.com profile={"email_verified": false}
        get_user ada@example.com -> found {"user_id": "7", "email_verified": false}

    ## How to fix
    Return the value in the store, or `false` if there is none.
    """
    for exchange in sightings(transcript):
        person = transcript.person(exchange.person)
        if person is None or person.profile.get("email_verified") is not False:
            continue
        if (exchange.profile or {}).get("email_verified") is True:
            message = (
                f"{exchange.script} returned email_verified = true for an e-mail that is not verified; "
                "return the value in the store"
            )
            yield Violation(message, (exchange,), path="email_verified", expected="false", got="true")
        else:
            yield Held((exchange,))


_SLOW_SECONDS: Final = 1.0
