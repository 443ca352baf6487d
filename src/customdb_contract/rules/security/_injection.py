"""The rules about identifiers that try to be more than identifiers."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import ignores_identifier, says_nothing, sightings, user_id_of
from customdb_contract.transcript import UNKNOWN, Ending, Exchange, RecordedError, Situation, Transcript, Value

__all__ = [
    "empty_identifier_accepted",
    "ldap_injection",
    "nosql_injection",
    "regex_from_input",
    "search_query_injection",
    "sql_injection",
    "type_confusion",
    "unicode_collision",
    "url_injection",
    "wildcard_identifier",
]

_NOT_SANITIZED: Final = "https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection"
_SQL_ERROR: Final = re.compile(
    r"unrecognized token|unterminated quoted string|syntax error at or near|near \".*\": syntax error"
    r"|You have an error in your SQL syntax|Unclosed quotation mark|Incorrect syntax near|ORA-0(?:0933|1756)"
    r"|quoted string not properly terminated|incomplete input|the query contains a null character",
    re.IGNORECASE,
)


def _hostile(transcript: Transcript, situation: Situation, what: str, severity: Severity) -> Iterator[Comparison]:
    """Judge the calls of a situation: nobody has such an identifier, so nobody's profile may come back."""
    ignoring = {script for script in (Script.LOGIN, Script.GET_USER) if ignores_identifier(transcript, script)}
    for exchange in transcript.select(None, situation):
        if exchange.script in ignoring or accepts_any_password(transcript, exchange):
            continue
        if is_somebody(exchange):
            asked = "password" if exchange.person != UNKNOWN else "identifier"
            message = f"{exchange.script} returned somebody's profile for {what} as {asked}; escape what people type"
            yield Violation(message, (exchange,), severity)
        elif exchange.ending is not Ending.TIMED_OUT:
            yield Held((exchange,))


def accepts_any_password(transcript: Transcript, exchange: Exchange) -> bool:
    """Tell whether log-in lets anybody in with a plain wrong password, so that no variant of one proves anything.

    Args:
        transcript: The transcript.
        exchange: A call whose script may be login.
    """
    return exchange.script is Script.LOGIN and any(
        other.ending is Ending.FOUND
        for other in transcript.select(Script.LOGIN, Situation.WRONG_PASSWORD)
        if other.situation is Situation.WRONG_PASSWORD
    )


def is_somebody(exchange: Exchange) -> bool:
    """Tell whether a profile came back that cannot be meant by the identifier that was asked for.

    Args:
        exchange: A call with an identifier that is nobody's, or with a password that is not the person's.
    """
    profile = exchange.profile
    if profile is None:
        return False
    if exchange.person != UNKNOWN:
        return True
    own = {_folded(profile.get(name)) for name in ("email", "username", "phone_number")} - {""}
    return bool(user_id_of(profile) or own) and _folded(exchange.identifier) not in own


def _folded(value: Value) -> str:
    """Return an identifier as a careful store may see it: trimmed, normalized, in lower case."""
    return unicodedata.normalize("NFKC", value).strip().lower() if isinstance(value, str) else ""


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    needs=(Need.HOSTILE,),
    source=_NOT_SANITIZED,
)
def sql_injection(transcript: Transcript) -> Iterator[Comparison]:
    """An identifier or a password becomes part of an SQL statement.

    ## Why this matters
    Auth0 "does not sanitize or validate" what people type. With `' OR '1'='1` as e-mail somebody else's profile comes
    back, and with `ada@example.com' --` nobody needs a password. A syntax error of the database is a warning: it shows
    that the text reached the statement.

    ## Violates
        person ada email=ada@example.com
        get_user "' OR '1'='1" -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: sql]

    ## Conforms
        person ada email=ada@example.com
        get_user "' OR '1'='1" -> not-found   [hostile: sql]

    ## How to fix
    Use parameters, never formatting.

    ```python
    connection.execute("SELECT * FROM users WHERE email = ?", (identifier,))
    ```

    ```javascript
    client.query('SELECT * FROM users WHERE email = $1', [email], callback);
    ```
    """
    yield from _hostile(transcript, Situation.SQL, "SQL", Severity.ERROR)
    plain = {
        exchange.script
        for exchange in transcript.select(None, Situation.UNKNOWN_USER)
        if _SQL_ERROR.search(_said(exchange))
    }
    for exchange in transcript.select(None, Situation.SQL, Situation.CONTROL_CHARACTERS):
        if exchange.script not in plain and _SQL_ERROR.search(_said(exchange)):
            message = (
                f"{exchange.script} answered SQL as identifier with a syntax error of the database; use parameters"
            )
            yield Violation(message, (exchange,), Severity.WARNING)


def _said(exchange: Exchange) -> str:
    errors = (exchange.outcome.error, exchange.outcome.raised)
    return " ".join(error.message for error in errors if isinstance(error, RecordedError))


@rule(group=Group.SECURITY, severity=Severity.ERROR, needs=(Need.HOSTILE,), source=_NOT_SANITIZED)
def nosql_injection(transcript: Transcript) -> Iterator[Comparison]:
    r"""Text that looks like a query operator becomes one.

    ## Why this matters
    `{"$ne": null}` matches everybody where the text is parsed, or put into a `$where`.

    ## Violates
        person ada email=ada@example.com
        get_user "{\"$ne\": null}" -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: nosql]

    ## Conforms
        person ada email=ada@example.com
        get_user "{\"$ne\": null}" -> not-found   [hostile: nosql]

    ## How to fix
    Pass the identifier as a value, `{"email": str(identifier)}`, and never parse it.
    """
    yield from _hostile(transcript, Situation.NOSQL, "a query operator", Severity.ERROR)


@rule(group=Group.SECURITY, severity=Severity.WARNING, needs=(Need.HOSTILE,), source=_NOT_SANITIZED)
def type_confusion(transcript: Transcript) -> Iterator[Comparison]:
    """An identifier that is no text, an object or an array, matches somebody.

    ## Why this matters
    Auth0 gives texts. Behind an HTTP interface of the store, though, whoever finds it can send anything.

    ## Violates
        person ada email=ada@example.com
        get_user ["ada@example.com"] -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: type-confusion]

    ## Conforms
        person ada email=ada@example.com
        get_user ["ada@example.com"] -> not-found   [hostile: type-confusion]

    ## How to fix
    Refuse what is no text: `if not isinstance(identifier, str): return NotFound()`.
    """
    yield from _hostile(transcript, Situation.TYPE_CONFUSION, "a value that is no text", Severity.WARNING)


@rule(group=Group.SECURITY, severity=Severity.ERROR, needs=(Need.HOSTILE,), source=_NOT_SANITIZED)
def ldap_injection(transcript: Transcript) -> Iterator[Comparison]:
    """An identifier becomes part of an LDAP filter.

    ## Why this matters
    `*)(uid=*` closes the condition and opens one that everybody meets.

    ## Violates
        person ada email=ada@example.com
        get_user "*)(uid=*" -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: ldap]

    ## Conforms
        person ada email=ada@example.com
        get_user "*)(uid=*" -> not-found   [hostile: ldap]

    ## How to fix
    Escape it for filters (RFC 4515): `ldap.filter.escape_filter_chars(identifier)`.
    """
    yield from _hostile(transcript, Situation.LDAP, "an LDAP filter", Severity.ERROR)


@rule(group=Group.SECURITY, severity=Severity.ERROR, needs=(Need.HOSTILE,), source=_NOT_SANITIZED)
def search_query_injection(transcript: Transcript) -> Iterator[Comparison]:
    """An identifier becomes part of a search query (Lucene, OData).

    ## Why this matters
    `email:*` or `a* OR b*` finds people whom nobody asked for, and the first one's profile comes back.

    ## Violates
        person ada email=ada@example.com
        get_user "email:*" -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: search-query]

    ## Conforms
        person ada email=ada@example.com
        get_user "email:*" -> not-found   [hostile: search-query]

    ## How to fix
    Quote and escape it as the query language wants it, and check that the e-mail of the answer is the one asked for.
    """
    yield from _hostile(transcript, Situation.SEARCH_QUERY, "a search query", Severity.ERROR)


@rule(group=Group.SECURITY, severity=Severity.ERROR, needs=(Need.HOSTILE,), source=_NOT_SANITIZED)
def url_injection(transcript: Transcript) -> Iterator[Comparison]:
    """An identifier becomes part of a web address without being encoded.

    ## Why this matters
    With `/`, `?`, `#`, `&` or `..` somebody chooses another path or parameter of the legacy interface, and another
    person's profile comes back.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com?x=1 -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: url]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com?x=1 -> not-found   [hostile: url]

    ## How to fix
    Encode it: `quote(identifier, safe="")` in Python, `encodeURIComponent(email)` in JavaScript. Or send it in the
    body.
    """
    yield from _hostile(transcript, Situation.URL, "parts of a web address", Severity.ERROR)


@rule(group=Group.SECURITY, severity=Severity.ERROR, needs=(Need.HOSTILE,), source=_NOT_SANITIZED)
def wildcard_identifier(transcript: Transcript) -> Iterator[Comparison]:
    """A wildcard in the identifier matches somebody.

    ## Why this matters
    `%` or `ad_@example.com` finds people whom nobody asked for, and the first one's profile comes back.

    ## Violates
        person ada email=ada@example.com
        get_user ad_@example.com -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: wildcard]

    ## Conforms
        person ada email=ada@example.com
        get_user ad_@example.com -> not-found   [hostile: wildcard]

    ## How to fix
    Compare by equality, `lower(email) = lower(?)`, not by `LIKE`.
    """
    yield from _hostile(transcript, Situation.WILDCARD, "a wildcard", Severity.ERROR)


@rule(group=Group.SECURITY, severity=Severity.ERROR, needs=(Need.HOSTILE,), source=_NOT_SANITIZED)
def regex_from_input(transcript: Transcript) -> Iterator[Comparison]:
    """A regular expression in the identifier matches somebody.

    ## Why this matters
    `.*` finds everybody, and an expression made for it keeps the script busy for ever.

    ## Violates
        person ada email=ada@example.com
        get_user .* -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: regex]

    ## Conforms
        person ada email=ada@example.com
        get_user .* -> not-found   [hostile: regex]

    ## How to fix
    Compare by equality; where an expression is needed, escape the identifier: `re.escape(identifier)`.
    """
    yield from _hostile(transcript, Situation.REGEX, "a regular expression", Severity.ERROR)


@rule(group=Group.SECURITY, severity=Severity.ERROR, needs=(Need.HOSTILE,), source=_NOT_SANITIZED)
def empty_identifier_accepted(transcript: Transcript) -> Iterator[Comparison]:
    """An empty or blank identifier returns a profile.

    ## Why this matters
    A record without an e-mail, or the first one of all, comes back for whoever types nothing.

    ## Violates
        person ada email=ada@example.com
        get_user "" -> found {"user_id": "1"}   [hostile: empty-identifier]

    ## Conforms
        person ada email=ada@example.com
        get_user "" -> not-found   [hostile: empty-identifier]

    ## How to fix
    Answer that there is no such user: `if not identifier.strip(): return NotFound()`.
    """
    for situation in (Situation.EMPTY_IDENTIFIER, Situation.BLANK_IDENTIFIER):
        yield from _hostile(transcript, situation, "an empty text", Severity.ERROR)


@rule(group=Group.SECURITY, severity=Severity.ERROR, needs=(Need.HOSTILE,), source=_NOT_SANITIZED)
def unicode_collision(transcript: Transcript) -> Iterator[Comparison]:
    """An identifier that differs by a look-alike letter returns somebody's profile.

    ## Why this matters
    Whoever owns a look-alike of another person's e-mail can reset that person's password. It comes from collations that
    ignore accents, and from columns of single-byte characters. Another spelling of the same person is a warning; where
    lower case or Unicode normalization explains it there is no finding.

    ## Violates
        person jose email=jose@example.com
        get_user josé@example.com -> found {"user_id": "7"}   [hostile: unicode-collision of jose]

    ## Conforms
        person jose email=jose@example.com
        get_user josé@example.com -> not-found   [hostile: unicode-collision of jose]

    ## How to fix
    Compare with a binary collation, after lower-casing; compare the e-mail of the record with the identifier once more.
    """
    ids = {
        str(user_id_of(exchange.profile or {})): exchange.person
        for exchange in sightings(transcript)
        if user_id_of(exchange.profile or {})
    }
    for exchange in transcript.select(None, Situation.UNICODE_COLLISION):
        person = transcript.person(exchange.person)
        if ignores_identifier(transcript, exchange.script) or accepts_any_password(transcript, exchange):
            continue
        own = {_folded(identifier) for identifier in person.identifiers} if person else set[str]()
        if exchange.profile is None or says_nothing(exchange.profile):
            yield Held((exchange,))
        elif _folded(exchange.identifier) not in own:
            owner = ids.get(str(user_id_of(exchange.profile)))
            is_same = owner is None or owner == exchange.person
            whose = "the same person's" if is_same else "another person's"
            message = f"{exchange.script} returned {whose} profile for an e-mail with a look-alike letter"
            yield Violation(message, (exchange,), Severity.WARNING if is_same else Severity.ERROR)
