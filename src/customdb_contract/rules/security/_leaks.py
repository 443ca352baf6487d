"""The rules about secrets in messages and logs."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from attrs import evolve

from customdb_contract._pages import LOGIN_TEMPLATE, VERIFY_TEMPLATE
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._secrets import is_typed_password, texts_in
from customdb_contract.rules.security._proof import without_typed
from customdb_contract.secrets import PASSWORDS, TOLD, SecretForm, SecretKind, SecretRef, kinds_in, secrets_in
from customdb_contract.transcript import ActionRun, Ending, Exchange, RecordedError, Transcript, observed_runs

# Bounded, and from the start of a word only: a script may print a text of 100,000 characters.
_EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_DETAILS: Final = {
    "a stack trace": re.compile(
        r"Traceback \(most recent call last\)|^[ \t]*File \"[^\"]+\", line \d+|\bat \S+ \(/.+:\d+:\d+\)"
        r"|^[ \t]+at .+(?::\d+:\d+\)?|\(\w+\.(?:java|kt|scala):\d+\)|:line \d+)$",
        re.MULTILINE,
    ),
    # Statements are in upper case, or quote their names: "select another one from the list" is English.
    "an SQL statement": re.compile(
        r"\bSELECT\s.{1,500}?\sFROM\s|\bINSERT INTO\s|\bUPDATE\s+\S+\s+SET\s|\bDELETE FROM\s"
        r"|\bselect\s+(?:\*|[`\"\[]|\w+\.\w+|\w+\s*,).{0,500}?\sfrom\s|\b(?:insert into|delete from|update)\s+[`\"\[]",
        re.DOTALL,
    ),
    "a connection string": re.compile(
        r"\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|ldaps?|mssql|sqlserver|oracle)(?:\+\w+)?://\S"
        r"|\b(?:Server|Data Source)=[^;]{1,200};.{0,200}\b(?:Password|Pwd|User Id|Uid)=",
        re.IGNORECASE,
    ),
    "an address of the network": re.compile(
        r"\b(?:\d{1,3}\.){3}\d{1,3}:\d{2,5}\b|(?<![\w.])::1:\d{2,5}\b|\blocalhost:\d{2,5}\b"
        r"|(?<![\w.-])[A-Za-z][\w-]{0,62}(?:\.[\w-]{1,63}){1,9}:\d{4,5}\b"
        r"|\b(?:ENOTFOUND|EAI_AGAIN) \S+|ConnectionPool\(host="
        r"|connection to server at \"|MySQL server on '"
    ),
    "the path of a file": re.compile(
        r"(?<![\w:/.])/(?:[\w.@-]+/)+[\w.@-]+\.(?:[cm]?js|tsx?|py|rb|sqlite3?|db|pem|key|conf|ini|env|sock|log)\b"
        r"|\b[A-Za-z]:\\\w[\w.-]*\\"
    ),
    "a message of the database": re.compile(
        r"\bno such (?:table|column)\b|\b(?:relation|column) \"[^\"]+\" does not exist|Unknown column '"
        r"|Table '[^']+' doesn't exist|Invalid (?:column|object) name '|\bSQLSTATE\b|\bORA-\d{5}\b"
        r"|syntax error at or near|You have an error in your SQL syntax|duplicate key value violates"
    ),
}


@rule(
    group=Group.SECURITY,
    severity=Severity.WARNING,
    needs=(Need.SEARCHABLE_SECRET,),
    yields_to=("sql-injection",),
    since="0.1.0",
    source=VERIFY_TEMPLATE,
)
def error_leaks_details(transcript: Transcript) -> Iterator[Comparison]:
    """The message of an error reveals details of the store, a password, or another user.

    ## Why this matters
    The tenant log contains these messages; those of verify and change_password are also in the URL of a page.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "connect ECONNREFUSED 10.0.0.5:5432"   [outage: refuse]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "the store is unreachable"   [outage: refuse]

    ## How to fix
    Describe the failure in your own words, without the driver's message.
    """
    words = _words(transcript)
    is_searchable = Need.SEARCHABLE_SECRET.is_met(transcript)
    people = _people_by_email(transcript)
    for exchange in transcript.judged:
        has_failed = exchange.ending is Ending.FAILED
        leaked = _secret_in(_error_text(exchange), words) or (_details(exchange, people) if has_failed else None)
        if leaked:
            message = f"an error of {exchange.script} contains {leaked}; describe the failure in your own words"
            yield Violation(message, (exchange,), path="error", got=leaked)
        elif has_failed and is_searchable:
            yield Held((exchange,))


def _secret_in(text: str, words: Collection[SecretRef]) -> str | None:
    """Return the kind of secret in a text, in the words of a message, or None."""
    known = [secret for secret in secrets_in(text) if secret.kind in TOLD]
    if any(_plainly(secret) not in words for secret in known):
        return "a password or another secret"
    kinds = set(kinds_in(text))
    return next((name for kind, name in _UNKNOWN.items() if kind in kinds), None)


_UNKNOWN: Final = {
    SecretKind.PASSWORD_HASH: "a password hash",
    SecretKind.PRIVATE_KEY: "a private key",
    SecretKind.TOTP_SECRET: "a TOTP secret",
    SecretKind.NAMED: "a password or another secret",
}


def _details(exchange: Exchange, people: Mapping[str, str]) -> str | None:
    """Return what an error message of a call reveals about the store and other users."""
    message = _message(exchange)
    typed = str(exchange.identifier).lower()
    others = (email for email in _emails(message) if people.get(email, exchange.person) != exchange.person)
    if any(email not in typed for email in others):
        return "another user's e-mail"
    rest = without_typed(message, exchange)
    found = next((name for name, pattern in _DETAILS.items() if pattern.search(rest)), None)
    return found or ("credentials in a URL" if SecretKind.URL_CREDENTIALS in kinds_in(message) else None)


def _message(exchange: Exchange) -> str:
    error = exchange.outcome.error
    if isinstance(error, RecordedError):
        return error.message
    return error if isinstance(error, str) else ""


def _error_text(exchange: Exchange) -> str:
    """Return every text of every error of a call: those passed to the callback, and the raised one."""
    errors = [*(arguments[0] for arguments in exchange.outcome.callbacks if arguments), exchange.outcome.raised]
    return "\n".join(text for error in errors if error is not None for text in texts_in(error))


def _emails(text: str) -> Iterator[str]:
    return (match.group().lower() for match in _EMAIL.finditer(text))


def _people_by_email(transcript: Transcript) -> Mapping[str, str]:
    return {name.lower(): person.label for person in transcript.people for name in person.identifiers if "@" in name}


def _words(transcript: Transcript) -> Collection[SecretRef]:
    """Return the passwords that are ordinary words, so that a text with them reveals nothing.

    A password such as `password` is a word that every refusal contains. A call for another user can't reveal a
    password that it doesn't know, so a password that shows there is such a word.
    """
    return {
        _plainly(secret)
        for exchange in transcript.judged
        for secret in secrets_in(f"{_error_text(exchange)}\n{exchange.outcome.output}")
        if is_typed_password(secret) and exchange.person != secret.owner and not _is_typed(secret, exchange)
    }


def _is_typed(secret: SecretRef, exchange: Exchange) -> bool:
    typed = (given for text in texts_in(exchange.arguments) for given in secrets_in(text))
    return any(given.kind in PASSWORDS and given.owner == secret.owner for given in typed)


def _plainly(secret: SecretRef) -> SecretRef:
    """Return the password itself for its variants; a digest is not a word."""
    return evolve(secret, form=SecretForm.AS_IS) if is_typed_password(secret) else secret


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    actions=True,
    needs=(Need.SEARCHABLE_SECRET,),
    since="0.1.0",
    source=LOGIN_TEMPLATE,
)
def log_leaks_secret(transcript: Transcript) -> Iterator[Comparison]:
    """A script or an Action prints or logs a password, a hash, another secret or a user's e-mail.

    ## Why this matters
    Auth0 asks you not to log credentials: logs are kept, copied and widely read. A password, a hash or a secret of an
    Action is an error, an e-mail a warning.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}; printed "trying «password of ada»"

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}; printed "a log-in succeeded"

    ## How to fix
    Log the event and the `user_id`, never the user's input.
    """
    words = _words(transcript)
    is_searchable = Need.SEARCHABLE_SECRET.is_met(transcript)
    people = _people_by_email(transcript)
    for exchange in transcript.judged:
        leaked = _leaked(exchange.outcome.output, words, people)
        if leaked is not None:
            what, instead, severity = leaked
            message = f"{exchange.script} printed {what}; {instead}"
            yield Violation(message, (exchange,), severity, path="output", got=what)
        elif is_searchable:
            yield Held((exchange,))
    for seen in observed_runs(transcript):
        leaked = _leaked(seen.outcome.output, (), _emails_of(seen.run, transcript))
        if leaked is None:
            yield Held((seen.run,))
            continue
        what, instead, severity = leaked
        yield Violation(f"the Action printed {what}; {instead}", (seen.run,), severity, path="output", got=what)


def _leaked(
    output: str, words: Collection[SecretRef], emails: Collection[str]
) -> tuple[str, str, Severity | None] | None:
    """Return what an output reveals, what to log instead, and the severity; None if it reveals nothing."""
    leaked = _secret_in(output, words)
    if leaked:
        return leaked, _INSTEAD.get(leaked, _NOT_THE_RECORD), None
    if SecretKind.URL_CREDENTIALS in kinds_in(output):
        return "credentials in a URL", "log the host only", None
    if any(email in emails for email in _emails(output)):
        return "the e-mail of a user", "log the user_id instead", Severity.WARNING
    return None


def _emails_of(run: ActionRun, transcript: Transcript) -> Collection[str]:
    """Return the e-mails of the user who logs in: in Auth0, and in the legacy system."""
    person, user = transcript.person(run.person), run.event.get("user")
    own = user.get("email") if isinstance(user, Mapping) else None
    emails = (own, None if person is None else person.email)
    return {email.lower() for email in emails if isinstance(email, str)}


_NOT_THE_RECORD: Final = "log the event, not the record"
_INSTEAD: Final = {"a password or another secret": "log the event, not the user's input"}
