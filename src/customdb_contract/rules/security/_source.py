"""The rules of the group `security` about the source of a script in JavaScript."""

from collections.abc import Iterator

from customdb_contract._pages import CREATE_TEMPLATE, SCRIPT_PRACTICES, SCRIPTS
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Need, Severity
from customdb_contract.rules._facts import THE_ACTION, judge_action_facts, judge_facts
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.transcript import FactKind, SourceFact, Transcript


@rule(
    group=Group.SECURITY,
    severity=Severity.WARNING,
    scripts=tuple(Script),
    actions=True,
    needs=(Need.SOURCE,),
    since="0.1.0",
    source=SCRIPTS,
)
def hardcoded_secret(transcript: Transcript) -> Iterator[Comparison]:
    """The source of a script or an Action contains a credential.

    ## Why this matters
    Anyone who can read the tenant's scripts and Actions, or their repository, has the credential. `configuration` and
    `event.secrets` are meant for credentials, and are encrypted.

    ## Violates
        source login secret-literal "password" at "login.js:4:15"
        scripts login

    ## Conforms
        script login source=on
        scripts login

    ## How to fix
    Put it into the connection's configuration, read it as `configuration.DB_PASSWORD`, and replace the credential,
    because others have seen it. In an Action, add it as a secret, and read it as `event.secrets.LEGACY_API_SECRET`.
    """

    def message_of(script: str, fact: SourceFact) -> str:
        where = "event.secrets" if script == THE_ACTION else "configuration"
        return f"{script} has a credential in its source ({fact.text}); move it to {where}, and replace it"

    yield from judge_facts(transcript, (FactKind.SECRET_LITERAL,), message_of)
    yield from judge_action_facts(transcript, (FactKind.SECRET_LITERAL,), message_of)


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    scripts=tuple(Script),
    actions=True,
    needs=(Need.SOURCE,),
    since="0.1.0",
    source="good practice: without verification anyone on the network can pose as the store and read every password",
)
def tls_not_verified(transcript: Transcript) -> Iterator[Comparison]:
    """A script or an Action does not verify the certificate of the other side, or does not encrypt.

    ## Why this matters
    Anyone on the network can answer in place of the store, and receives the password of every user who logs in, or the
    credential of the legacy system. An attacker then also controls what an Action stores.

    ## Violates
        source login tls-not-verified "rejectUnauthorized: false" at "login.js:4:15"
        scripts login

    ## Conforms
        script login source=on
        scripts login

    ## How to fix
    Pass the certificate of your authority (`ca: configuration.CA`) instead of turning verification off, and leave
    `encrypt` on.
    """

    def message_of(script: str, fact: SourceFact) -> str:
        other = "legacy system" if script == THE_ACTION else "store"
        return f"{script} sets {fact.text}, so anyone on the network can pose as the {other}; verify the certificate"

    def severity_of(fact: SourceFact) -> Severity | None:
        return Severity.WARNING if fact.text.startswith("encrypt") else None

    yield from judge_facts(transcript, (FactKind.TLS_NOT_VERIFIED,), message_of, severity_of)
    yield from judge_action_facts(transcript, (FactKind.TLS_NOT_VERIFIED,), message_of, severity_of)


@rule(
    group=Group.SECURITY,
    severity=Severity.INFO,
    scripts=tuple(Script),
    needs=(Need.SOURCE,),
    since="0.1.0",
    source="good practice: the time of a comparison reveals how much of a hash was right",
)
def timing_unsafe_compare(transcript: Transcript) -> Iterator[Comparison]:
    """A script compares a hash with an operator.

    ## Why this matters
    `===` stops at the first character that differs, so its time reveals how much was right.

    ## Violates
        source login timing-unsafe-compare "===" at "login.js:9:7"
        scripts login

    ## Conforms
        script login source=on
        scripts login

    ## How to fix
    Use `crypto.timingSafeEqual(a, b)` for two buffers of the same length, or `bcrypt.compare`.
    """

    def message_of(script: str, fact: SourceFact) -> str:
        return f"{script} compares a hash with {fact.text}; use crypto.timingSafeEqual"

    yield from judge_facts(transcript, (FactKind.TIMING_UNSAFE_COMPARE,), message_of)


@rule(
    group=Group.SECURITY,
    severity=Severity.WARNING,
    scripts=(Script.CREATE, Script.CHANGE_PASSWORD),
    needs=(Need.SOURCE,),
    since="0.1.0",
    source=CREATE_TEMPLATE,
)
def weak_password_hash(transcript: Transcript) -> Iterator[Comparison]:
    """A script hashes a new password with a fast algorithm.

    ## Why this matters
    With a copy of the store, an attacker tries billions of passwords a second against MD5 or SHA, but few against
    bcrypt.

    ## Violates
        source create weak-password-hash "sha1 of the password" at "create.js:5:16"
        scripts create

    ## Conforms
        script create source=on
        scripts create

    ## How to fix
    Use bcrypt with a cost of 10 or more, scrypt or Argon2; the OWASP Password Storage Cheat Sheet lists the parameters.
    """

    def message_of(script: str, fact: SourceFact) -> str:
        return f"{script} hashes a new password with {fact.text}; use bcrypt with a cost of 10 or more"

    yield from judge_facts(transcript, (FactKind.WEAK_PASSWORD_HASH,), message_of)


@rule(
    group=Group.SECURITY,
    severity=Severity.INFO,
    scripts=tuple(Script),
    needs=(Need.SOURCE,),
    since="0.1.0",
    source=SCRIPT_PRACTICES,
)
def direct_database_access(transcript: Transcript) -> Iterator[Comparison]:
    """A script connects to the database directly.

    ## Why this matters
    The database must then be open to the internet, and every container of Auth0 opens connections of its own. Auth0
    recommends an API of your own in between.

    ## Violates
        source login database-driver "pg" at "login.js:2:14"
        scripts login

    ## Conforms
        script login source=on
        scripts login

    ## How to fix
    Put an HTTPS API in front of the database, and let only Auth0 call it.
    """

    def message_of(script: str, fact: SourceFact) -> str:
        return f"{script} connects to the database directly, with {fact.text}; put an API in between"

    yield from judge_facts(transcript, (FactKind.DATABASE_DRIVER,), message_of)
