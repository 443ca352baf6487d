"""Post-login Actions of the bookshop, in Python: each puts the metadata on customers who lack them."""

import json
from typing import Any, Final
from urllib.parse import quote
from urllib.request import Request, urlopen

from api import TOKEN
from customdb_contract.actions import persist_legacy_metadata
from customdb_contract.bridges.python import PythonAction
from customdb_contract.faults import LegacyAnswers, LegacyResponse
from customdb_contract.secrets import Secret

__all__ = ["ACCOUNTS", "CONNECTION", "PROFILES", "correct_action", "naive_action"]

CONNECTION: Final = "bookshop"

PROFILES: Final = LegacyAnswers(
    found=LegacyResponse(
        200,
        {
            "user_id": "{user_id}",
            "app_metadata": {"membership": "patron", "account_closed": False},
            "user_metadata": {"language": "en", "newsletter": True},
        },
    )
)
"""How the shop answers `GET /profiles/{user_id}`, for a check."""

ACCOUNTS: Final = LegacyAnswers(
    found=LegacyResponse(200, {"accounts": [{"id": "{user_id}", "email": "{email}", "membership": "patron"}]}),
    not_found=LegacyResponse(200, {"accounts": []}),
)
"""How the shop answers `GET /accounts?login=…`, for a check."""


def persist_naively(event: Any, api: Any) -> None:
    """Do what a support article of Auth0 shows: ask by e-mail when something is missing, and store what comes."""
    if event.user.app_metadata.get("membership"):
        return
    try:
        request = Request(
            f"{event.secrets['LEGACY_API_URL']}/accounts?login={quote(event.user.email)}",
            headers={"Authorization": f"Bearer {event.secrets['LEGACY_API_SECRET']}"},
        )
        with urlopen(request, timeout=1) as response:
            account = json.load(response)["accounts"][0]
        api.user.set_app_metadata("membership", account["membership"])
    except Exception as error:  # noqa: BLE001 - as the article does it
        print(error)


def naive_action(address: str = "{legacy_url}") -> PythonAction:
    """Return the Action as a team in a hurry writes it.

    Args:
        address: Where the shop's interface is; by default, where a check puts its stand-in.
    """
    return PythonAction(
        persist_naively, secrets={"LEGACY_API_URL": address, "LEGACY_API_SECRET": Secret(TOKEN)}, name="naive"
    )


def correct_action(address: str = "{legacy_url}") -> PythonAction:
    """Return the Action as it should be.

    Args:
        address: Where the shop's interface is; by default, where a check puts its stand-in.
    """
    action = persist_legacy_metadata(
        connection=CONNECTION,
        restores={
            "app_metadata.membership": "string",
            "app_metadata.account_closed": "boolean",
            "user_metadata.language": "string",
            "user_metadata.newsletter": "boolean",
        },
        seconds=1,
    )
    return PythonAction(
        action, secrets={"LEGACY_API_URL": f"{address}/profiles", "LEGACY_API_SECRET": Secret(TOKEN)}, name="correct"
    )
