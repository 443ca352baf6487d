"""The rules about refusals that reveal which accounts exist."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from customdb_contract._pages import ERROR_HANDLING
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._wording import kind_of
from customdb_contract.rules.security._proof import without_typed
from customdb_contract.transcript import Exchange, RecordedError, Situation, Transcript

_WRONG: Final = "WrongUsernameOrPasswordError"
_NUMBER: Final = re.compile(r"\b[0-9a-f-]{0,64}\d[0-9a-f-]{0,64}\b")
"""Numbers, dates and the ids of requests."""


@rule(
    group=Group.SECURITY,
    severity=Severity.WARNING,
    scripts=(Script.LOGIN,),
    needs=(Need.PASSWORD, Need.WRONG_PASSWORD),
    yields_to=("wrong-password-not-reported", "unknown-user-not-reported", "login-null-result"),
    since="0.1.0",
    source=ERROR_HANDLING,
)
def user_enumeration(transcript: Transcript) -> Iterator[Comparison]:
    """`login` has different messages for an unknown user and for a wrong password.

    ## Why this matters
    An attacker who tries e-mails learns which accounts exist. The message reaches the tenant log and, on some pages,
    the browser.

    ## Violates
        person ada email=ada@example.com
        login nobody@example.com x -> failed WrongUsernameOrPasswordError(null) "no such user"   [unknown-user]
        login ada@example.com x -> failed WrongUsernameOrPasswordError("7") "wrong password"   [wrong-password]

    ## Conforms
        person ada email=ada@example.com
        login nobody@example.com x -> failed WrongUsernameOrPasswordError(null) "denied"   [unknown-user]
        login ada@example.com x -> failed WrongUsernameOrPasswordError("7") "denied"   [wrong-password]

    ## How to fix
    Use the same message for both.
    """
    unknown = _by_message(transcript.select(Script.LOGIN, "unknown-user"))
    wrong = _by_message(
        exchange
        for exchange in transcript.select(Script.LOGIN, Situation.WRONG_PASSWORD)
        if exchange.situation is Situation.WRONG_PASSWORD and not _is_disabled(exchange, transcript)
    )
    shared = [message for message in unknown if message in wrong]
    if shared:
        yield Held((unknown[shared[0]], wrong[shared[0]]))
    elif wrong and len(unknown) == 1:
        # If each unknown user gets another message, a different message for a wrong password reveals nothing.
        pair = sorted((*unknown.values(), next(iter(wrong.values()))), key=lambda exchange: exchange.number)
        message = "login reported different messages for an unknown user and a wrong password; use the same message"
        yield Violation(message, tuple(pair), path="error.message", expected="one message", got="two messages")


def _by_message(exchanges: Iterable[Exchange]) -> Mapping[str, Exchange]:
    """Return the first refusal with each message, without the typed text, numbers and ids of requests."""
    first: dict[str, Exchange] = {}
    for exchange in exchanges:
        error = exchange.outcome.error
        if isinstance(error, RecordedError) and error.name == _WRONG:
            message = _NUMBER.sub("#", without_typed(error.message.lower(), exchange))
            first.setdefault(message, exchange)
    return first


def _is_disabled(exchange: Exchange, transcript: Transcript) -> bool:
    person = transcript.person(exchange.person)
    return person is not None and person.disabled


@rule(
    group=Group.SECURITY,
    severity=Severity.INFO,
    scripts=(Script.LOGIN,),
    needs=(Need.LOGIN,),
    yields_to=("unknown-user-not-reported",),
    since="0.1.0",
    source=ERROR_HANDLING,
)
def unknown_user_logged_as_known(transcript: Transcript) -> Iterator[Comparison]:
    """`login` names a user in `WrongUsernameOrPasswordError` although there is no such user.

    ## Why this matters
    With a first argument Auth0 logs `fp`, "user exists, password wrong"; without one, `fu`, "no such user". A log that
    is monitored for attacks then shows users who don't exist.

    ## Violates
        person ada email=ada@example.com
        login nobody@example.com x -> failed WrongUsernameOrPasswordError("nobody@example.com") "no"   [unknown-user]

    ## Conforms
        person ada email=ada@example.com
        login nobody@example.com x -> failed WrongUsernameOrPasswordError(null) "no"   [unknown-user]

    ## How to fix
    Pass null as the first argument: `WrongUsernameOrPasswordError(None, message)`,
    `new WrongUsernameOrPasswordError(null, message)`.
    """
    for exchange in transcript.select(Script.LOGIN, "unknown-user"):
        error = exchange.outcome.error
        if not isinstance(error, RecordedError) or error.name != _WRONG:
            continue
        if error.arguments and error.arguments[0]:
            message = "login named a user in WrongUsernameOrPasswordError for an unknown user; pass null"
            got = kind_of(error.arguments[0])
            yield Violation(message, (exchange,), path="error.arguments[0]", expected="null", got=got)
        else:
            yield Held((exchange,))
