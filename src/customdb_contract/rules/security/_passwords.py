"""The rules about passwords that are not the user's."""

from collections.abc import Collection, Iterator
from typing import Final

from customdb_contract._pages import PROFILE_STRUCTURE
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._writing import REFUSALS, legacy_moments
from customdb_contract.rules.security._proof import accepted_with_any_password
from customdb_contract.secrets import SecretForm, secrets_in
from customdb_contract.transcript import Ending, Situation, Transcript

_LOGIN: Final = (Script.LOGIN,)


def _refused(
    transcript: Transcript,
    situation: Situation,
    what: str,
    advice: str,
    severity: Severity = Severity.ERROR,
    *,
    unless: Collection[str] = (),
) -> Iterator[Comparison]:
    """Judge whether login refuses an altered password, except for users for whom that proves less."""
    accepted = accepted_with_any_password(transcript)
    for exchange in transcript.select(Script.LOGIN, situation):
        person = transcript.person(exchange.person)
        if exchange.person in unless or exchange.person in accepted:
            continue
        if exchange.ending is Ending.FOUND:
            message = f"login accepted {what} for a known user; {advice}"
            yield Violation(
                message, (exchange,), severity, path="password", expected=Ending.FAILED, got=exchange.ending
            )
        elif exchange.ending in {Ending.NOT_FOUND, Ending.FAILED} and person is not None and not person.disabled:
            yield Held((exchange,))


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    scripts=_LOGIN,
    needs=(Need.PASSWORD, Need.WRONG_PASSWORD),
    since="0.1.0",
    source="good practice: an LDAP bind without a password succeeds (RFC 4513, section 5.1.2)",
)
def empty_password_accepted(transcript: Transcript) -> Iterator[Comparison]:
    """`login` accepts an empty or blank password.

    ## Why this matters
    LDAP servers treat a bind with an empty password as anonymous and report success; some stores have empty hashes.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com "" -> found {"user_id": "7"}   [wrong-password: empty]

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com "" -> failed WrongUsernameOrPasswordError("7") "no"   [wrong-password: empty]

    ## How to fix
    Reject empty passwords before you query the store.
    """
    yield from _refused(
        transcript, Situation.EMPTY_PASSWORD, "an empty password", "reject it before you query the store"
    )
    yield from _refused(
        transcript, Situation.BLANK_PASSWORD, "a blank password", "reject it before you query the store"
    )


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    scripts=_LOGIN,
    needs=(Need.PASSWORD, Need.WRONG_PASSWORD),
    since="0.1.0",
    source="good practice: each unintended equivalence makes passwords easier to guess",
)
def password_compared_loosely(transcript: Transcript) -> Iterator[Comparison]:
    """`login` ignores the case of the password, or blanks around it.

    ## Why this matters
    It makes passwords easier to guess. It also ends with the migration: Auth0 compares exactly, so users who typed
    another spelling can no longer log in.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com x -> found {"user_id": "7"}   [wrong-password: case-changed]

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com x -> failed WrongUsernameOrPasswordError("7") "no"   [wrong-password: case-changed]

    ## How to fix
    Hash the password as it was typed.
    """
    yield from _refused(transcript, Situation.CASE_CHANGED_PASSWORD, "the password in another case", "hash it as typed")
    yield from _refused(
        transcript,
        Situation.BLANK_PADDED_PASSWORD,
        "the password with blanks around it",
        "hash it as typed",
        Severity.WARNING,
    )


@rule(
    group=Group.SECURITY,
    severity=Severity.WARNING,
    scripts=_LOGIN,
    needs=(Need.PASSWORD, Need.WRONG_PASSWORD, Need.LONG_PASSWORD),
    since="0.1.0",
    source=PROFILE_STRUCTURE,
)
def password_truncated(transcript: Transcript) -> Iterator[Comparison]:
    """`login` accepts the first 72 bytes of a longer password.

    ## Why this matters
    bcrypt reads 72 bytes. The beginning of a long passphrase, or a prefix that all users share, is enough to log in.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com x -> found {"user_id": "7"}   [wrong-password: 72-byte-cut]

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com x -> failed WrongUsernameOrPasswordError("7") "no"   [wrong-password: 72-byte-cut]

    ## How to fix
    Reject longer passwords when they are set, or hash them with SHA-256 first: `bcrypt(base64(sha256(password)))`.
    """
    yield from _cut_passwords_of_new_users(transcript)
    yield from _refused(
        transcript,
        Situation.CUT_PASSWORD,
        "the first 72 bytes of a longer password",
        "compare the whole password",
        Severity.WARNING,
    )


def _cut_passwords_of_new_users(transcript: Transcript) -> Iterator[Comparison]:
    """Judge log-ins of new users who can log in with the whole password, and not with another wrong one."""
    refused: set[int] = set()
    for moment in legacy_moments(transcript, Script.LOGIN):
        exchange, account = moment.exchange, moment.account
        if account is None or not account.exists or not moment.is_exact or moment.is_right:
            continue
        typed = exchange.argument(1)
        is_cut = isinstance(typed, str) and SecretForm.CUT in {secret.form for secret in secrets_in(typed)}
        if not is_cut and exchange.ending in REFUSALS:
            refused.add(account.number)
        if not is_cut or Script.LOGIN not in moment.seen or account.number not in refused:
            continue
        if exchange.ending is Ending.FOUND:
            message = (
                "login accepted the first 72 bytes of a longer password for a new user; compare the whole password"
            )
            yield Violation(message, (exchange,), path="password", expected=Ending.FAILED, got=exchange.ending)
        elif exchange.ending in REFUSALS:
            yield Held((exchange,))


@rule(
    group=Group.SECURITY,
    severity=Severity.WARNING,
    scripts=_LOGIN,
    needs=(Need.PASSWORD, Need.WRONG_PASSWORD),
    since="0.1.0",
    source="good practice: libraries written in C end a string at the first NUL character",
)
def password_nul_truncated(transcript: Transcript) -> Iterator[Comparison]:
    """`login` ignores the part of the password after a NUL character.

    ## Why this matters
    The hash then covers less than was typed, and a raw hash that contains a NUL is cut short too.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com x -> found {"user_id": "7"}   [wrong-password: nul-cut]

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com x -> failed WrongUsernameOrPasswordError("7") "no"   [wrong-password: nul-cut]

    ## How to fix
    Reject passwords with NUL characters.
    """
    cut_anyway = {
        exchange.person
        for exchange in transcript.select(Script.LOGIN, Situation.CUT_PASSWORD)
        if exchange.ending is Ending.FOUND
    }
    yield from _refused(
        transcript,
        Situation.NUL_CUT_PASSWORD,
        "a password with more behind a NUL character",
        "compare the whole password",
        Severity.WARNING,
        unless=cut_anyway,
    )
