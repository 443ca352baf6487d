"""A report with breaches of several severities, for tests of report formats."""

from typing import Final

from customdb_contract import Report
from customdb_contract.rules import judge
from customdb_contract.transcript import Transcript

__all__ = ["broken_report"]

_BROKEN: Final = """
connection import_mode=on
script login location="shop/legacy.py:12"
person ada email=ada@example.com
person bob email=bob@example.com
get_user ada@example.com -> found {"user_id": 7, "email": "ada@example.com", "email_verified": true}
login ada@example.com «password of ada» -> found {"user_id": "8", "email": "ada@example.com", "email_verified": 1}
get_user bob@example.com -> found {"user_id": "9", "email": "bob@example.com", "email_verified": true}
login nobody@example.com x -> not-found   [unknown-user]
"""


def broken_report() -> Report:
    """Return the report on that transcript."""
    return judge(Transcript.parse(_BROKEN))
