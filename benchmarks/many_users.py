"""Generates the users for the benchmark of an audit: one in fifty has a defect, of twenty kinds."""

from pathlib import Path
from string import Template
from typing import Final

import duckdb

from customdb_contract.audit import Columns

__all__ = ["COLUMNS", "write_users"]

COLUMNS: Final = Columns(
    user_id="id",
    email="email",
    email_verified="verified",
    username="login_name",
    phone_number="phone",
    given_name="first_name",
    family_name="last_name",
    user_metadata="preferences",
    app_metadata="account",
    password_hash="password",
)

# `defect` is the position of a user among a thousand; the first twenty have one each. The hash only looks like bcrypt.
_USERS: Final = Template("""
COPY (
    SELECT
        CASE defect
            WHEN 0 THEN NULL
            WHEN 1 THEN 'shop ' || n
            WHEN 2 THEN 'shop-' || (n + 500)
            ELSE 'shop-' || n
        END AS id,
        CASE defect
            WHEN 3 THEN upper(mailbox) || n || '@EXAMPLE.COM'
            WHEN 4 THEN mailbox || n || '.example.com'
            WHEN 5 THEN 'Twice' || (n // 2000) || '@example.com'
            WHEN 6 THEN ['é', 'É'][n // 1000 % 2 + 1] || (n // 2000) || '@example.com'
            WHEN 7 THEN NULL
            ELSE mailbox || n || '@' || ['example.com', 'example.org', 'mail.test'][n % 3 + 1]
        END AS email,
        CASE defect WHEN 8 THEN NULL ELSE n % 7 > 0 END AS verified,
        CASE
            WHEN defect = 9 THEN 'reader ' || n
            WHEN defect = 10 THEN ['reader', 'READER'][n // 1000 % 2 + 1] || (n // 2000)
            WHEN n % 5 = 0 THEN mailbox || n
        END AS login_name,
        CASE
            WHEN defect = 11 THEN '0171 ' || n
            WHEN defect = 12 THEN '+4930' || (n // 2000)
            WHEN n % 5 < 2 THEN '+49171' || n
        END AS phone,
        CASE defect WHEN 13 THEN '' ELSE ['Ada', 'Björn', 'Chloé', 'Emma', 'José', 'Núria', 'Zoë'][n % 7 + 1] END
            AS first_name,
        ['Berg', 'Conti', 'Dubois', 'Fischer', 'García', 'Kovač', 'Löwe', 'Müller'][n % 8 + 1] AS last_name,
        CASE defect
            WHEN 14 THEN '{"shop.test": true}'
            WHEN 15 THEN '{"wish_list": ["' || repeat('A book of the year. ', 600) || '"]}'
            ELSE '{"language": "' || ['de', 'en', 'fr'][n % 3 + 1] || '", "newsletter": ' || (n % 5 < 2) || '}'
        END AS preferences,
        CASE defect
            WHEN 16 THEN '{"membership": "reader", "orders": "12"}'
            WHEN 17 THEN '{"membership": "reader", "orders": 12'
            ELSE '{"membership": "' || ['none', 'reader', 'patron'][n % 3 + 1] || '", "orders": ' || n % 60 || '}'
        END AS account,
        CASE defect
            WHEN 18 THEN ''
            WHEN 19 THEN '0x0200' || upper(substr(digits, 1, 12))
            ELSE '$$2b$$10$$' || substr(digits, 1, 21) || 'O' || substr(digits, 1, 30) || 'C'
        END AS password
    FROM (
        SELECT
            n,
            n % 1000 AS defect,
            ['ada', 'bjorn', 'chloe', 'emma', 'jose', 'nuria', 'zoe'][n % 7 + 1] || '.' AS mailbox,
            md5(n::VARCHAR) AS digits
        FROM range($count) AS numbers(n)
    )
) TO '$path' (FORMAT parquet)
""")


def write_users(path: Path, count: int, *, memory: str = "2GB") -> Path:
    """Write users to a Parquet file, unless it exists.

    Args:
        path: The file.
        count: The number of users, a multiple of a thousand.
        memory: The most memory that DuckDB may use.

    Returns:
        The path.
    """
    if not path.exists():
        with duckdb.connect(config={"memory_limit": memory}) as connection:
            connection.execute(_USERS.substitute(count=count, path=path))
    return path
