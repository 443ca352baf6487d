"""Tables of users for audits: odd values in every column, combined at random."""

import base64
import hashlib
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias, cast

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no types

import create_store
from customdb_contract.audit import Columns

__all__ = ["COLUMNS", "Row", "odd_users", "read_rows", "shop_columns"]

Row: TypeAlias = dict[str, str | bool | None]

COLUMNS: Final = Columns(
    user_id="id",
    email="email",
    email_verified="verified",
    username="username",
    phone_number="phone",
    name="name",
    picture="picture",
    user_metadata="preferences",
    app_metadata="account",
    mfa_factors="factors",
    password_hash="password",
)

# Ends, blanks and letters that dialects of regular expressions, of `lower` and of `length` treat in different ways.
_ODD_TEXTS: Final = (
    *("\n", "\r", "\t", "\x0b", "\x1f", "\x7f", "\x85", "\xa0", "\u1680", "\u2028", "\u3000", "\ufeff", "\u200b"),
    *("\u0130", "i\u0307", "\u03a3", "\u03c2", "\u03c3", "\u00df", "\u1e9e", "\u017f", "\u212a", "\ufb01", "\u01c5"),
    *("\u0663", "\uff11", "e\u0301", "\u00e9", "\u00c9", "\U0001f600", "\U00010400", "$", "\\", '"', "'", "%", "«"),
)
_HASH: Final = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"


def _with_odd_texts(*texts: str) -> list[str | None]:
    """Return the texts, and each of them with odd text before, inside and after it."""
    odd = [
        spoiled
        for text in texts
        for one in _ODD_TEXTS
        for spoiled in (one + text, text + one, text[:2] + one + text[2:])
    ]
    return [None, "", " ", *texts, *odd, *(text.upper() for text in odd)]


_IDS: Final = [
    *_with_odd_texts("shop-7"),
    *("x" * 128, "x" * 129, "x" * 255, "x" * 256, "é" * 128, "\U0001f600" * 128),
    *("auth0|7", "undefined", "None", "NaN", "[object Object]", "a b"),
    *("ada@example.com", "shop|ADA@example.com", hashlib.md5(b"ada@example.com").hexdigest()),
    *(b"ada@example.com".hex(), base64.b64encode(b"ada@example.com").decode(), base64.b64encode(b"reader").decode()),
]
_EMAILS: Final = [
    *_with_odd_texts("ada@example.com", "e@x.org"),
    *("ada", "@", "a@b", "a@@b.test", "a@b@c.test", '"a b"@b.test', ".a@b.test", "a.@b.test", "a..b@b.test"),
    *("a@-b.test", "a@b-.test", "a@b_c.test", "a@b..test", "a@b.test.", "a@[10.0.0.1]", "a+b@b.test", "a'b@b.test"),
    *("x" * 64 + "@b.test", "x" * 65 + "@b.test", "a@" + "b" * 63 + ".test", "a@" + "b" * 64 + ".test"),
    *("a@" + "b." * 123 + "testa", "a@" + "b." * 124 + "testa", "a@b.é", "é@b.test", "a@xn--e1afmkfd.test"),
    *("a." * 5_000 + "a@b.test", "a@" + "b." * 5_000 + "test", "a" * 100_000),
]
_USERNAMES: Final = [
    *_with_odd_texts("reader"),
    *("x" * 128, "x" * 129, "@^$.!`-#+'~_", "a@b", "a@b.test", "a b", "READER", "Reader"),
]
_PHONES: Final = [*_with_odd_texts("+4930123"), "+", "+1", "+" + "1" * 15, "+" + "1" * 16, "4930123", "+49 30", "00493"]
_NAMES: Final = [*_with_odd_texts("Ada"), "x" * 150, "x" * 151, "\U0001f600" * 150, "e\u0301" * 76]
_PICTURES: Final = [
    *_with_odd_texts("https://a.test/7.png"),
    *("http://", "https://a", "HTTPS://a.test", "/7.png", "ftp://a.test", "https://?x", "https://u:secret@a.test/"),
]
_JSON_PARTS: Final = (
    *('{"a": 1}', '{"a": "text"}', '{"a": null}', '{"a": 1.5}', '{"a": true}', '{"a": [1]}', '{"a": {"b": 1}}'),
    *('{"a": 1, "a": "2"}', '{"a": 1e3}', '{"a": 1e400}', '{"a": -0}', '{"a": 123456789012345678901234}'),
    *('{"a.b": 1}', '{"$a": 1}', '{"a": {"b": {"c.d": 1}}}', '{"a": [{"b$": 1}]}', '{"\\u002e": 1}', '{"\\u0024": 1}'),
    *('{"blocked": false}', '{"email": "x"}', '{"username": "x"}', '{"bloc\\u006bed": 1}', '{"a": {"blocked": 1}}'),
    *('{"role": 1}', '{"Roles": []}', '{"is_admin": true}', '{"r\\u006fle": 1}', '{"PLAN": "full"}', '{"_role_": 1}'),
    *('{"2019-05-04": 1}', '{"1234": 1}', '{"12": 1}', '{"a": {"2019-05-04": 1}}', '{"shop-7": 1}', '{"123a": 1}'),
    *('{"password": "x"}', '{"Pass-Word": "x"}', '{"pass\\u0077ord": "x"}', '{"password": ""}', '{"hash": 1}'),
    *(json.dumps({"old": _HASH}), '{"url": "https://u:pw12345@a.test"}', '{"key": "-----BEGIN PRIVATE KEY-----"}'),
    *("[]", "1", "null", '"text"', "true", "{", "}", '{"a"}', '{"a":}', '{"a":1,}', "{'a': 1}", '{"a": NaN}', "x"),
    *('{"a": Infinity}', '{"a": 01}', '{"a": 1}x', '{"a": "\n"}', '{"a": "\t"}', '\ufeff{"a": 1}', '{"a": "\\ud83d"}'),
    *(' {"a": 1}', '{"a": 1} ', '{"a": 1}\n', '\t{"a" : 1 }', '{"\U0001f600": "\U0001f600"}', '{"a": "\\/"}'),
    *(json.dumps({"a": "x" * size}) for size in (3_900, 4_100, 8_150, 10_200, 102_400)),
    json.dumps({"a": "é" * 5_000}),
    json.dumps({"a": "é" * 5_000}, ensure_ascii=False),
    json.dumps({"a": list(range(900))}),
    json.dumps({"a": list(range(90))}),
    json.dumps({f"key{number}": [number] for number in range(40)}),
    '{"a": ' * 60 + "1" + "}" * 60,
    '{"a": ' + "[" * 60 + "]" * 60 + "}",
)
_FACTORS: Final = [
    *(None, "[]", '[{"totp": {"secret": "JBSWY3DP"}}]', '[{"totp": {"secret": "jbswy3dp"}}]', "{}", "[{}]", "x", ""),
    *('[{"phone": {"value": "+1555"}}]', '[{"phone": {"value": "1555"}}]', '[{"email": {"value": "a@b.test"}}]'),
]
_PASSWORDS: Final = [
    *_with_odd_texts(_HASH),
    *("$P$B" + "." * 30, "$P$B" + "." * 29, "$P$B" + "z" * 30, "{SSHA}" + base64.b64encode(bytes(28)).decode()),
    *("!", "!x", "*", "*0", "hunter2", "5f4dcc3b5aa765d61d8327deb882cf99", "pbkdf2_sha256$1000$salt$" + "A" * 43 + "="),
    *(
        "$2b$10$" + "." * 53,
        "$2b$99$" + "." * 53,
        "$2x$10$" + "." * 53,
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$" + "A" * 43,
    ),
]


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a Parquet file.

    Args:
        path: The file.
    """
    return cast("list[dict[str, Any]]", pq.read_table(path).to_pylist())


def shop_columns() -> Columns:
    """Return the columns in the bookshop's audit configuration."""
    path = Path(create_store.__file__).with_name("customdb-audit.toml")
    named: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))["audit"]
    return Columns(**{name: column for name, column in named.items() if name != "source"})


def odd_users(random: Random, count: int) -> list[Row]:
    """Return users with mostly sound and some odd attributes; one user has no attributes.

    Args:
        random: The source of randomness.
        count: How many users.
    """
    users = [_user(random, number) for number in range(1, count)]
    return [*users, dict.fromkeys(users[0])]


def _user(random: Random, number: int) -> Row:
    def one_of(odd: Sequence[str | None], sound: str) -> str | None:
        return random.choice(odd) if random.random() < 0.4 else sound

    parts = [None, *_JSON_PARTS]
    return {
        "id": one_of(_IDS, f"shop-{number}"),
        "email": one_of(_EMAILS, f"user{number}@example.com"),
        "verified": random.choice((True, True, False, None)),
        "username": one_of(_USERNAMES, f"user{number}"),
        "phone": one_of(_PHONES, f"+49171{number}"),
        "name": one_of(_NAMES, "Ada Lovelace"),
        "picture": one_of(_PICTURES, f"https://a.test/{number}.png"),
        "preferences": one_of(parts, '{"language": "en"}'),
        "account": one_of(parts, '{"membership": "none"}'),
        "factors": one_of(_FACTORS, '[{"phone": {"value": "+1555"}}]'),
        "password": one_of(_PASSWORDS, _HASH),
    }
