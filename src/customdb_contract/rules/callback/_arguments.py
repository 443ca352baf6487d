"""What a script does to the objects that it is given."""

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
    source="good practice: Auth0 does not say that it gives a script copies of the user and of the context",
)
def argument_mutated(transcript: Transcript) -> Iterator[Comparison]:
    """A script changes the user or the context that it is given.

    ## Why this matters
    Auth0 stores the metadata of a new user itself, after `create`. Whether it takes them from the very object that the
    script was given is nowhere said, so a script that empties or replaces something there may lose or leak it.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done; noticed argument-changed "user"

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done

    ## How to fix
    Copy it first. In JavaScript: `const row = { ...user, password: hash }`. In Python: `{**user, "password": hashed}`.
    """
    for exchange in transcript.judged:
        changed = exchange.outcome.noticed(Noticed.ARGUMENT_CHANGED)
        for name in changed:
            message = f"{exchange.script} changed the {name} that it was given; change a copy"
            yield Violation(message, (exchange,), path=name)
        if not changed and exchange.script is Script.CREATE:
            yield Held((exchange,))
