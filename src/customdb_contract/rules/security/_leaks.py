"""The rules about what messages and logs give away."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules.security._proof import without_typed
from customdb_contract.transcript import Ending, Exchange, RecordedError, Transcript

__all__ = ["error_leaks_details", "log_leaks_secret"]

_VERIFY: Final = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/verify"
_LOGIN: Final = "https://auth0.com/docs/authenticate/database-connections/custom-db/templates/login"

_CONFIGURATION: Final = "«configuration "
_PASSWORD: Final = re.compile(
    r"«password of ([^«»]+?)(?:, (?:case changed|padded with a blank|then NUL and more|cut after 72 bytes))?»"
)
# Bounded, and from the start of a word only: a script may print a text of 100,000 characters.
_EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_HASH: Final = re.compile(
    r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{20,}|\$argon2(?:id|i|d)\$|\$[156y7]\$[./A-Za-z0-9]{4,}\$[./A-Za-z0-9]{20,}"
    r"|\bpbkdf2_sha\d+\$\d+\$|\$pbkdf2|\bscrypt:\d+:\d+|\{(?:S?SHA\d*|S?MD5)\}[\w+/=]{8,}"
    r"|\b(?:md5|sha1|sha256|sha512)\$\w{4,}"
)
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
    source=_VERIFY,
)
def error_leaks_details(transcript: Transcript) -> Iterator[Comparison]:
    """An error's message tells how the store works, a password, or who else is in it.

    ## Why this matters
    Messages stand in the tenant log, and those of verify and change_password in the address of a page.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "connect ECONNREFUSED 10.0.0.5:5432"   [outage: refuse]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> failed Error "the store is out of reach"   [outage: refuse]

    ## How to fix
    Say what failed in words of your own, and keep the driver's message out.
    """
    revealed = _revealed_passwords(transcript)
    is_searchable = Need.SEARCHABLE_SECRET.is_met(transcript)
    people = _people_by_email(transcript)
    for exchange in transcript.judged:
        if exchange.ending is not Ending.FAILED:
            continue
        leaked = _leaked(
            exchange, people, is_revealed=exchange.number in revealed and bool(_PASSWORD.search(_message(exchange)))
        )
        if leaked:
            message = f"an error of {exchange.script} contains {leaked}; say what failed in words of your own"
            yield Violation(message, (exchange,))
        elif is_searchable:
            yield Held((exchange,))


def _leaked(exchange: Exchange, people: Mapping[str, str], *, is_revealed: bool) -> str | None:
    """Return what the message of a call's error gives away."""
    told = _message(exchange)
    if is_revealed or _CONFIGURATION in told:
        return "a password or another secret"
    if _HASH.search(told):
        return "the hash of a password"
    typed = str(exchange.identifier).lower()
    others = (email for email in _emails(told) if people.get(email, exchange.person) != exchange.person)
    if any(email not in typed for email in others):
        return "another person's e-mail"
    rest = without_typed(told, exchange)
    return next((name for name, pattern in _DETAILS.items() if pattern.search(rest)), None)


def _message(exchange: Exchange) -> str:
    error = exchange.outcome.error
    if isinstance(error, RecordedError):
        return error.message
    return error if isinstance(error, str) else ""


def _emails(text: str) -> Iterator[str]:
    return (match.group().lower() for match in _EMAIL.finditer(text))


def _people_by_email(transcript: Transcript) -> Mapping[str, str]:
    return {name.lower(): person.label for person in transcript.people for name in person.identifiers if "@" in name}


def _revealed_passwords(transcript: Transcript) -> Collection[int]:
    """Return the numbers of the calls that reveal a known password in an error's message or in what they print.

    A password such as `password` is a word that every refusal contains. Who doesn't know the password cannot reveal it:
    when it shows in calls about other people, it is taken for such a word.
    """
    shown = [
        (exchange, owner)
        for exchange in transcript.judged
        for owner in set(_PASSWORD.findall(f"{_message(exchange)}\n{exchange.outcome.output}"))
    ]
    about = [exchange.person == owner or owner in _typed_passwords(exchange) for exchange, owner in shown]
    words = {owner for (_, owner), is_about in zip(shown, about, strict=True) if not is_about}
    return {exchange.number for exchange, owner in shown if owner not in words}


def _typed_passwords(exchange: Exchange) -> Collection[str]:
    return {owner for typed in exchange.arguments if isinstance(typed, str) for owner in _PASSWORD.findall(typed)}


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    needs=(Need.SEARCHABLE_SECRET,),
    source=_LOGIN,
)
def log_leaks_secret(transcript: Transcript) -> Iterator[Comparison]:
    """A script prints or logs a password, a hash or a person's e-mail.

    ## Why this matters
    Auth0 asks not to log credentials: logs are kept, copied and read by many. A password or a hash is an error, an
    e-mail a warning.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}; printed "trying «password of ada»"

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}; printed "a log-in succeeded"

    ## How to fix
    Log what happened and the `user_id`, never what was typed.
    """
    revealed = _revealed_passwords(transcript)
    is_searchable = Need.SEARCHABLE_SECRET.is_met(transcript)
    people = _people_by_email(transcript)
    for exchange in transcript.judged:
        output = exchange.outcome.output
        printed = f"{exchange.script} printed"
        if (exchange.number in revealed and _PASSWORD.search(output)) or _CONFIGURATION in output:
            yield Violation(
                f"{printed} a password or another secret; log what happened, not what was typed", (exchange,)
            )
        elif _HASH.search(output):
            yield Violation(f"{printed} the hash of a password; log what happened, not the record", (exchange,))
        elif any(email in people for email in _emails(output)):
            message = f"{printed} the e-mail of a person; log the user_id instead"
            yield Violation(message, (exchange,), Severity.WARNING)
        elif is_searchable:
            yield Held((exchange,))
