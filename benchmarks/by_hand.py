"""An audit written by hand for DuckDB and this one table: users who break a rule, and users who share a value.

Like an audit, it finds these users, counts the formats of passwords and the types in metadata, and writes the findings
to a file; it only names the rule, and does not explain what is wrong.
"""

from pathlib import Path
from string import Template
from typing import Final

import duckdb

__all__ = ["query_by_hand"]

_NAME: Final = r'[^\s@"(),:;<>.]+([.][^\s@"(),:;<>.]+)*'
_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_RESERVED: Final = (
    "__tenant|_id|blocked|clientID|created_at|email|email_verified|globalClientID|global_client_id|identities|lastIP"
    "|lastLogin|loginsCount|metadata|multifactor|multifactor_last_modified|updated_at|user_id|username|phone_number"
    "|phone_verified|name|nickname|given_name|family_name|picture"
)
_ACCESS: Final = "_*(roles?|permissions?|(is_*)?admin|scopes?|plan|entitlements)_*"
_SECRETS: Final = (
    "((totp|otp|mfa)[_-]*)?secret|pass[_-]*w(or)?d|pwd|password[_-]*(hash|digest|salt)|(hashed|encrypted)[_-]*password"
    "|salt|hash|(api|private)[_-]*key|(reset|session)[_-]*token"
)
_FORMATS: Final[dict[str, str]] = {
    "bcrypt": r"[$$]2[aby][$$][0-9]{2}[$$][./0-9A-Za-z]{53}",
    "Argon2": r"[$$]argon2(id|i|d)[$$]v=[0-9]+[$$]m=[0-9]+,t=[0-9]+,p=[0-9]+[$$][A-Za-z0-9+/]+[$$][A-Za-z0-9+/]+",
    "Django": r"pbkdf2_sha256[$$][0-9]+[$$][A-Za-z0-9]+[$$][A-Za-z0-9+/]{43}=",
    "Werkzeug": r"pbkdf2:sha256:[0-9]+[$$][A-Za-z0-9]+[$$][0-9a-f]{64}",
}


def _made_of(value: str) -> str:
    """Return the condition that an id contains a value, as it is, in Base64 or in hexadecimal digits."""
    plain = f"length({value}) > 4 AND contains(lower(id), lower({value}))"
    encoded = f"contains(id, rtrim(to_base64(encode({value})), '=')) OR contains(lower(id), lower(hex({value})))"
    return (
        f"CASE WHEN length(id) >= length({value}) THEN {plain} END "
        f"OR CASE WHEN 3 * length(id) >= 4 * length({value}) THEN {encoded} END"
    )


_BROKEN: Final[dict[str, str]] = {
    "missing-user-id": "id IS NULL OR id = ''",
    "invalid-user-id": "regexp_matches(id, '[^!-~]') OR length(id) > 128 OR id IN ('undefined', 'null', 'None')",
    "prefixed-user-id": "starts_with(id, 'auth0|')",
    "mutable-user-id": (
        f"{' OR '.join(map(_made_of, ('email', 'login_name', 'phone')))} OR regexp_matches(id, '[0-9A-Fa-f]{{32}}')"
    ),
    "unreachable-user": "email IS NULL AND login_name IS NULL AND phone IS NULL",
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
    "reserved-app-metadata": rf"""regexp_matches(account, '"({_RESERVED})" *:')""",
    "access-in-user-metadata": rf"""regexp_matches(preferences, '"(?i:{_ACCESS})" *:')""",
    "invalid-metadata-key": r"""regexp_matches(preferences || account, '"[^"]*[.$$][^"]*" *:')""",
    "dynamic-metadata-keys": (
        r"""regexp_matches(preferences || account, '"([0-9]{3}|[0-9a-f]{8})[^"]*" *:') """
        """OR contains(preferences, '"' || id || '":') OR contains(account, '"' || id || '":')"""
    ),
    "secret-in-profile": (
        r"regexp_matches(concat_ws(' ', id, email, login_name, phone, first_name, last_name, preferences, account), "
        r"""'[$$][0-9a-zA-Z]+[$$]|[{](?i:s?sha|s?md5|b?crypt|pbkdf2|argon2)|(?i:pbkdf2|scrypt)[:_$$]|PRIVATE KEY"""
        rf"""|otpauth:|://[^ ]*:[^ ]*@|"(?i:{_SECRETS})" *:')"""
    ),
    "inconsistent-metadata-type": (
        "CASE WHEN json_valid(account) AND json_valid(preferences) THEN "
        "json_type(account, '$$.orders') <> 'UBIGINT' OR json_type(account, '$$.membership') <> 'VARCHAR' "
        "OR json_type(preferences, '$$.language') <> 'VARCHAR' "
        "OR json_type(preferences, '$$.newsletter') <> 'BOOLEAN' END"
    ),
    "missing-password": "password IS NULL OR password = ''",
    "unknown-password-format": f"NOT regexp_full_match(password, '{'|'.join(_FORMATS.values())}')",
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

_COUNTED: Final = Template("COPY (SELECT $key, count(*) FROM read_parquet('$source') GROUP BY 1) TO '$found'")
_KINDS: Final = " ".join(f"WHEN regexp_full_match(password, '{one}') THEN '{name}'" for name, one in _FORMATS.items())
_COUNTS: Final = (
    f"CASE {_KINDS} END",
    # The number of users for each type of the keys, which shows the unusual types.
    "CASE WHEN json_valid(preferences) THEN json_structure(preferences) END",
    "CASE WHEN json_valid(account) THEN json_structure(account) END",
)


def query_by_hand(source: Path, folder: Path, *, memory: str) -> None:
    """Find the users who break a rule or share a unique value, and write them to files.

    Args:
        source: The Parquet file with the users.
        folder: The folder for the results, and for data that does not fit into memory.
        memory: The most memory that DuckDB may use, such as `3GB`.
    """
    cases = Template(", ".join(f"coalesce({condition}, false)" for condition in _BROKEN.values())).substitute()
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "temp_directory": str(folder / "spilled"),
    }
    with duckdb.connect(config=settings) as connection:
        connection.execute(_SCREENED.substitute(cases=cases, source=source, found=folder / "broken.parquet"))
        for number, key in enumerate(_KEYS):
            found = folder / f"shared{number}.parquet"
            connection.execute(_SHARED.substitute(key=key, source=source, found=found))
        for number, key in enumerate(_COUNTS):
            found = folder / f"counted{number}.csv"
            connection.execute(_COUNTED.substitute(key=Template(key).substitute(), source=source, found=found))
