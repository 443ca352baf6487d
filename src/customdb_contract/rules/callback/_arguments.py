"""What a script does to its arguments."""

from collections.abc import Iterator

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.transcript import Noticed, Transcript


@rule(
    group=Group.CALLBACK,
    severity=Severity.WARNING,
    scripts=tuple(Script),
    needs=(Need.CREATE, Need.WRITES),
    since="0.1.0",
    source="good practice: Auth0 does not document that a script receives copies of the user and the context",
)
def argument_mutated(transcript: Transcript) -> Iterator[Comparison]:
    """A script changes its argument `user` or `context`.

    ## Why this matters
    Auth0 stores the metadata of a new user itself, after `create`. Whether it takes the metadata from the very object
    that the script received is not documented, so a script that empties or replaces parts of it can lose or leak data.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done; noticed argument-changed "user"

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done

    ## How to fix
    Copy the object first. In JavaScript: `const row = { ...user, password: hash }`. In Python:
    `{**user, "password": hashed}`.
    """
    for exchange in transcript.judged:
        changed = exchange.outcome.noticed(Noticed.ARGUMENT_CHANGED)
        for name in changed:
            message = f"{exchange.script} changed its argument {name}; change a copy"
            yield Violation(message, (exchange,), path=name)
        if not changed and exchange.script is Script.CREATE:
            yield Held((exchange,))
