"""What an audit does, as one would write it for DuckDB and this one table: who breaks a rule, and who shares what."""

from pathlib import Path
from string import Template
from typing import Final

import duckdb

__all__ = ["query_by_hand"]

_NAME: Final = r'[^\s@"(),:;<>.]+([.][^\s@"(),:;<>.]+)*'
_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"

_BROKEN: Final[dict[str, str]] = {
    "missing-user-id": "id IS NULL OR id = ''",
    "invalid-user-id": "regexp_matches(id, '[^!-~]') OR length(id) > 128 OR id IN ('undefined', 'null', 'None')",
    "prefixed-user-id": "starts_with(id, 'auth0|')",
    "mutable-user-id": (
        "contains(lower(id), lower(email)) OR (length(login_name) > 4 AND contains(lower(id), lower(login_name))) "
        "OR contains(id, phone) OR regexp_matches(id, '[0-9A-Fa-f]{32}')"
    ),
    "invalid-email": (
        rf"email IS NULL OR NOT regexp_full_match(email, '{_NAME}@({_LABEL}[.])+{_LABEL}') "
        "OR length(email) > 254 OR strpos(email, '@') > 65"
    ),
    "email-not-lowercase": "email <> lower(email)",
    "missing-email-verified": "email IS NOT NULL AND verified IS NULL",
    "invalid-username": (
        r"login_name = '' OR length(login_name) > 128 OR regexp_matches(login_name, '[^A-Za-z0-9@^$$.!`#+''~_-]') "
        rf"OR regexp_full_match(login_name, '{_NAME}@({_LABEL}[.])+{_LABEL}')"
    ),
    "invalid-name": "first_name = '' OR last_name = '' OR length(first_name) > 150 OR length(last_name) > 150",
    "invalid-phone-number": r"NOT regexp_full_match(phone, '[+][0-9]{1,15}')",
    "profile-too-large": (
        "strlen(id) + strlen(email) + coalesce(strlen(login_name), 0) + strlen(first_name) + strlen(last_name) "
        "+ strlen(preferences) + strlen(account) > 8192"
    ),
    "metadata-not-json": "NOT json_valid(preferences) OR NOT json_valid(account)",
    "reserved-app-metadata": r"""regexp_matches(account, '"(_id|blocked|email|username|user_id|name)" *:')""",
    "access-in-user-metadata": r"""regexp_matches(preferences, '"(?i:roles?|permissions?|admin|scopes?|plan)" *:')""",
    "invalid-metadata-key": r"""regexp_matches(preferences || account, '"[^"]*[.$$][^"]*" *:')""",
    "dynamic-metadata-keys": r"""regexp_matches(preferences || account, '"([0-9]{3}|[0-9a-f]{8})[^"]*" *:')""",
    "secret-in-profile": (
        r"""regexp_matches(concat_ws(' ', email, login_name, first_name, last_name, preferences, account), """
        r"""'[$$][0-9a-zA-Z]+[$$]|PRIVATE KEY|otpauth:|://[^ ]*:[^ ]*@|"(?i:pass_?word|pwd|secret|hash|salt)" *:')"""
    ),
    "inconsistent-metadata-type": (
        "CASE WHEN json_valid(account) AND json_valid(preferences) THEN "
        "json_type(account, '$$.orders') <> 'UBIGINT' OR json_type(account, '$$.membership') <> 'VARCHAR' "
        "OR json_type(preferences, '$$.language') <> 'VARCHAR' "
        "OR json_type(preferences, '$$.newsletter') <> 'BOOLEAN' END"
    ),
    "password": (
        r"NOT regexp_full_match(password, '[$$]P[$$][./0-9A-Za-z]{31}|[$$]2[aby][$$][0-9]{2}[$$][./0-9A-Za-z]{53}')"
    ),
}

_SCREENED: Final = Template(
    """
COPY (
    SELECT * FROM (SELECT id, [$cases] AS broken FROM read_parquet('$source'))
    WHERE list_bool_or(broken)
) TO '$found' (FORMAT parquet)
"""
)

_SHARED: Final = Template(
    """
COPY (
    SELECT any_value($key) AS shared, list(id) AS ids FROM read_parquet('$source')
    WHERE $key IS NOT NULL AND $key <> '' GROUP BY $key HAVING count(*) > 1
) TO '$found' (FORMAT parquet)
"""
)
_KEYS: Final = ("id", "lower(email)", "lower(login_name)", "phone")


def query_by_hand(source: Path, folder: Path, *, memory: str) -> None:
    """Find out who breaks a rule and who shares what must be one's own, and write it down.

    Args:
        source: The Parquet file with the users.
        folder: Where the results go, and what does not fit into memory.
        memory: The most that DuckDB takes, such as `3GB`.
    """
    cases = ", ".join(f"coalesce({condition}, false)" for condition in _BROKEN.values())
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "temp_directory": str(folder / "spilled"),
    }
    with duckdb.connect(config=settings) as connection:
        connection.execute(
            _SCREENED.substitute(cases=Template(cases).substitute(), source=source, found=folder / "broken.parquet")
        )
        for number, key in enumerate(_KEYS):
            found = folder / f"shared{number}.parquet"
            connection.execute(_SHARED.substitute(key=key, source=source, found=found))
