"""The rules about passwords in the store."""

from collections.abc import Iterator

from customdb_contract._pages import TEMPLATES
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.transcript import Noticed, Transcript


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    scripts=(Script.CREATE, Script.CHANGE_PASSWORD),
    needs=(Need.CREATE, Need.WRITES, Need.INSPECT),
    since="0.1.0",
    source=f"{TEMPLATES}/create",
)
def plaintext_password_stored(transcript: Transcript) -> Iterator[Comparison]:
    """The store has a password as it was typed, or in a reversible form.

    ## Why this matters
    Anyone who sees the store, a backup or a log of it can log in as every user, here and wherever the password is
    reused.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com"} -> done; noticed inspected "a record"; noticed stored-password "password"

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com"} -> done; noticed inspected "a record"

    ## How to fix
    Store a slow, salted hash: `bcrypt.hash(user.password, 12)`, Argon2 or scrypt. Base64 is not a hash.
    """
    for script in (Script.CREATE, Script.CHANGE_PASSWORD):
        for exchange in transcript.select(script, "writing"):
            places = exchange.outcome.noticed(Noticed.STORED_PASSWORD)
            if places:
                names = ", ".join(places)
                message = f"{script} stored the password as it was typed, in {names}; store a slow hash"
                yield Violation(message, (exchange,), path=names, expected="a slow hash", got="the password")
            elif "a record" in exchange.outcome.noticed(Noticed.INSPECTED):
                yield Held((exchange,))
