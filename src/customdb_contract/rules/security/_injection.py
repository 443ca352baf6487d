"""The rules about identifiers and passwords that become part of a query."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from customdb_contract._pages import CONNECTION
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Untried, Violation
from customdb_contract.rules._facts import judge_facts
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules.security._proof import judge_hostile
from customdb_contract.transcript import (
    UNKNOWN,
    Exchange,
    FactKind,
    Noticed,
    ObservedRun,
    RecordedError,
    RunSituation,
    Situation,
    SourceFact,
    Transcript,
    Value,
    is_in_request,
    observed_runs,
)

_TRIED: Final = tuple(script for script in Script if script is not Script.CREATE)
"""The scripts that are called with hostile identifiers; writing scripts on an empty database only."""

_RESERVED: Final = frozenset("/?&")
"""Characters that separate the parts of a URL (RFC 3986); the part after a `#` is never sent."""

_SHORTEST_TELLING: Final = 5
"""The shortest identifier that is not in a URL by chance."""

_SQL_ERROR: Final = re.compile(
    r"unrecognized token: \"|unterminated quoted string|syntax error at or near|near \".{0,200}?\": syntax error"
    r"|You have an error in your SQL syntax|Unclosed quotation mark|Incorrect syntax near|ORA-0(?:0933|1756)"
    r"|quoted string not properly terminated|incomplete input|the query contains a null character",
    re.IGNORECASE,
)


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    scripts=_TRIED,
    needs=(Need.HOSTILE,),
    since="0.1.0",
    source=CONNECTION,
)
def sql_injection(transcript: Transcript) -> Iterator[Comparison]:
    """An identifier or a password becomes part of an SQL statement.

    ## Why this matters
    Auth0 "does not sanitize or validate" user input. With `' OR '1'='1` as the e-mail, another user's profile comes
    back, and with `ada@example.com' --` no password is needed. A syntax error of the database is a warning: it shows
    that the text reached the statement. Scripts that write are tested only in a `fresh_database`.

    ## Violates
        person ada email=ada@example.com
        get_user "' OR '1'='1" -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: sql]

    ## Conforms
        person ada email=ada@example.com
        get_user "' OR '1'='1" -> not-found   [hostile: sql]

    ## How to fix
    Pass values as parameters, never format them into the statement.

    ```python
    connection.execute("SELECT * FROM users WHERE email = ?", (identifier,))
    ```

    ```javascript
    client.query('SELECT * FROM users WHERE email = $1', [email], callback);
    ```
    """
    yield from judge_hostile(transcript, Situation.SQL, "SQL", "use parameters")
    plain = {
        exchange.script
        for exchange in transcript.select(None, Situation.UNKNOWN_USER, "writing")
        if exchange.person == UNKNOWN and _SQL_ERROR.search(_said(exchange))
    }
    for exchange in transcript.select(None, "hostile"):
        if exchange.script not in plain and _SQL_ERROR.search(_said(exchange)):
            message = f"{exchange.script} ended with a syntax error of the database for hostile text; use parameters"
            yield Violation(message, (exchange,), Severity.WARNING, path="error.message", got="a syntax error")


def _said(exchange: Exchange) -> str:
    errors = (exchange.outcome.error, exchange.outcome.raised)
    return " ".join(error.message for error in errors if isinstance(error, RecordedError))


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    scripts=_TRIED,
    needs=(Need.HOSTILE,),
    since="0.1.0",
    source=CONNECTION,
)
def nosql_injection(transcript: Transcript) -> Iterator[Comparison]:
    r"""An identifier or a password becomes a query operator, or part of JSON.

    ## Why this matters
    If the text is parsed, or put into a `$where`, `{"$ne": null}` matches every user. If JSON is concatenated from
    texts, `x","email":"ada@example.com` ends the value and names another user.

    ## Violates
        person ada email=ada@example.com
        get_user "{\"$ne\": null}" -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: nosql]

    ## Conforms
        person ada email=ada@example.com
        get_user "{\"$ne\": null}" -> not-found   [hostile: nosql]

    ## How to fix
    Pass the identifier as a value, `{"email": str(identifier)}`, never parse it, and build JSON with `json.dumps` or
    `JSON.stringify`.
    """
    yield from judge_hostile(transcript, Situation.NOSQL, "JSON or a query operator", "pass it as a value")


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    scripts=_TRIED,
    needs=(Need.HOSTILE,),
    since="0.1.0",
    source=CONNECTION,
)
def ldap_injection(transcript: Transcript) -> Iterator[Comparison]:
    """An identifier becomes part of an LDAP filter.

    ## Why this matters
    `*)(uid=*` closes the condition and opens one that every user meets.

    ## Violates
        person ada email=ada@example.com
        get_user "*)(uid=*" -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: ldap]

    ## Conforms
        person ada email=ada@example.com
        get_user "*)(uid=*" -> not-found   [hostile: ldap]

    ## How to fix
    Escape the identifier for filters (RFC 4515): `ldap.filter.escape_filter_chars(identifier)`.
    """
    # A search query has * and brackets too; only its own keywords distinguish the two.
    searching = set[Script | None]()
    for comparison in judge_hostile(transcript, Situation.SEARCH_QUERY, "", ""):
        if isinstance(comparison, Violation):
            searching.add(comparison.blamed)
    for comparison in judge_hostile(transcript, Situation.LDAP, "an LDAP filter", "escape it"):
        if isinstance(comparison, Violation) and comparison.path == "identifier" and comparison.blamed in searching:
            continue
        yield comparison


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    scripts=_TRIED,
    needs=(Need.HOSTILE,),
    since="0.1.0",
    source=CONNECTION,
)
def search_query_injection(transcript: Transcript) -> Iterator[Comparison]:
    """An identifier becomes part of a search query (Lucene, OData).

    ## Why this matters
    `email:*` or `a* OR b*` finds unrelated users, and the first one's profile comes back.

    ## Violates
        person ada email=ada@example.com
        get_user "email:*" -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: search-query]

    ## Conforms
        person ada email=ada@example.com
        get_user "email:*" -> not-found   [hostile: search-query]

    ## How to fix
    Quote and escape the identifier by the rules of the query language, and check that the result has the e-mail that
    you looked up.
    """
    yield from judge_hostile(transcript, Situation.SEARCH_QUERY, "a search query", "escape it")


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    actions=True,
    scripts=_TRIED,
    needs=(Need.HOSTILE,),
    since="0.1.0",
    source=CONNECTION,
)
def url_injection(transcript: Transcript) -> Iterator[Comparison]:
    """An identifier becomes part of a URL without being encoded.

    ## Why this matters
    With `/`, `?`, `#`, `&` or `..` an attacker chooses another path or parameter of the legacy API, and another user's
    profile comes back. For a script in JavaScript, or an Action, the URL of a request is enough to show it, whatever
    comes back: `GET /users/ada@example.com?x=1`.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com?x=1 -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: url]

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com?x=1 -> not-found   [hostile: url]

    ## How to fix
    Encode the identifier, or send it in the body. In Python: `quote(identifier, safe="")`. In JavaScript:
    `encodeURIComponent(email)`.
    """
    yield from judge_hostile(transcript, Situation.URL, "parts of a URL", "encode it")
    for exchange in transcript.select(None, Situation.URL):
        identifier, requests = exchange.identifier, exchange.outcome.noticed(Noticed.REQUEST)
        if not isinstance(identifier, str) or not requests or not _RESERVED.intersection(identifier[1:]):
            continue
        if len(identifier) >= _SHORTEST_TELLING and any(identifier in request for request in requests):
            message = (
                f"{exchange.script} put the identifier into a URL without encoding it: "
                "with / ? or & an attacker chooses another path or parameter; encode the identifier"
            )
            yield Violation(message, (exchange,), path="address", expected="encoded", got="as it is")
        else:
            yield Held((exchange,))
    for seen in observed_runs(transcript):
        if seen.run.situation is RunSituation.ODD_IDENTIFIERS:
            yield from _judge_addresses(seen)


def _judge_addresses(seen: ObservedRun) -> Iterator[Comparison]:
    identifiers = list(_identifiers_in(seen.run.event.get("user")))
    for request in seen.asked:
        if any(identifier in request.url for identifier in identifiers):
            message = (
                "the Action put an identifier of the user into a URL without encoding it: "
                "with / ? or & an attacker chooses another path or parameter; encode the identifier"
            )
            yield Violation(message, (seen.run, request), path="address", expected="encoded", got="as it is")
        elif any(is_in_request(identifier, request) for identifier in identifiers):
            yield Held((seen.run, request))


def _identifiers_in(user: Value) -> Iterator[str]:
    """Yield the e-mail of the user of an event, and the ids of the identities, if they have reserved characters."""
    if not isinstance(user, Mapping):
        return
    identities = user.get("identities")
    ids = [
        one.get("user_id") for one in (identities if isinstance(identities, list) else []) if isinstance(one, Mapping)
    ]
    for identifier in (user.get("email"), *ids):
        if isinstance(identifier, str) and _RESERVED.intersection(identifier):
            yield identifier


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    scripts=_TRIED,
    needs=(Need.HOSTILE,),
    since="0.1.0",
    source=CONNECTION,
)
def wildcard_identifier(transcript: Transcript) -> Iterator[Comparison]:
    """A wildcard in the identifier matches a user.

    ## Why this matters
    `%` or `ad_@example.com` finds unrelated users, and the first one's profile comes back.

    ## Violates
        person ada email=ada@example.com
        get_user ad_@example.com -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: wildcard]

    ## Conforms
        person ada email=ada@example.com
        get_user ad_@example.com -> not-found   [hostile: wildcard]

    ## How to fix
    Compare by equality, `lower(email) = lower(?)`, not with `LIKE`.
    """
    yield from judge_hostile(transcript, Situation.WILDCARD, "a wildcard", "compare by equality")


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    scripts=_TRIED,
    needs=(Need.HOSTILE,),
    since="0.1.0",
    source=CONNECTION,
)
def regex_from_input(transcript: Transcript) -> Iterator[Comparison]:
    """A regular expression in the identifier matches a user.

    ## Why this matters
    `.*` finds every user, and a crafted expression keeps the script busy forever.

    ## Violates
        person ada email=ada@example.com
        get_user .* -> found {"user_id": "7", "email": "ada@example.com"}   [hostile: regex]

    ## Conforms
        person ada email=ada@example.com
        get_user .* -> not-found   [hostile: regex]

    ## How to fix
    Compare by equality. If you need an expression, escape the identifier: `re.escape(identifier)`.
    """
    proven = set[Script | None]()
    for comparison in judge_hostile(transcript, Situation.REGEX, "a regular expression", "compare by equality"):
        if isinstance(comparison, Violation):
            proven.add(comparison.blamed)
        yield comparison

    def message_of(script: str, fact: SourceFact) -> str:
        return f"{script} builds a regular expression ({fact.text}) from its input; escape it, or compare by equality"

    for comparison in judge_facts(transcript, (FactKind.REGEX_FROM_INPUT,), message_of):
        is_new = isinstance(comparison, Violation) and comparison.script not in proven
        if is_new or isinstance(comparison, Untried):
            yield comparison
