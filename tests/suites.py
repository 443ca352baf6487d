"""Test modules for pytester, as a team writes them."""

from textwrap import dedent, indent

import pytest

__all__ = ["MODULE", "SHOP", "write_suite"]

# It imports no more than a team's database would, since a separate process loads all of it.
SHOP = '''
from customdb_contract import Found, NotFound, ScriptError, WrongUsernameOrPasswordError

PASSWORDS = {"ada@example.com": "correct Horse battery", "grace@example.com": "nanosecond Wire"}


class Shop:
    """A correct database in memory."""

    def login(self, identifier, password):
        email = str(identifier).lower()
        if PASSWORDS.get(email) != password:
            raise WrongUsernameOrPasswordError(None, "wrong e-mail or password")
        return Found(self.profile(email))

    def get_user(self, identifier):
        email = str(identifier).lower()
        return Found(self.profile(email)) if email in PASSWORDS else NotFound()

    def profile(self, email):
        return {"user_id": f"shop-{len(email)}", "email": email, "email_verified": True}


class Unstable(Shop):
    """Breaks one rule: unstable-user-id."""

    counter = 0

    def get_user(self, identifier):
        Unstable.counter += 1
        answer = super().get_user(identifier)
        return Found(answer.profile | {"user_id": f"shop-{Unstable.counter}"}) if isinstance(answer, Found) else answer


class Mutable(Shop):
    """Has a warning: mutable-user-id."""

    def profile(self, email):
        return super().profile(email) | {"user_id": email}


class Broken:
    """Its store is out of reach."""

    def login(self, identifier, password):
        raise ScriptError("the store is out of reach")

    def get_user(self, identifier):
        raise ScriptError("the store is out of reach")
'''

MODULE = f"""
import pytest

from customdb_contract import Connection, KnownUser
from customdb_contract.secrets import Secret
from customdb_contract.testing import ContractSuite, ContractWarning, assert_consistent, assert_contract

{SHOP}

USERS = [KnownUser(email=email, password=password) for email, password in PASSWORDS.items()]
"""

FIXTURES = """
@pytest.fixture
def database(self):
    return {database}

@pytest.fixture
def users(self):
    return USERS
"""


def write_suite(pytester: pytest.Pytester, body: str = "", *, database: str = "Shop()", before: str = "") -> None:
    """Write a test module with a suite over a database, and more in its body or before it."""
    fixtures = FIXTURES.format(database=database) if database else "pass\n"
    suite = "class TestShop(ContractSuite):\n" + indent(fixtures + dedent(body), "    ")
    pytester.makepyfile(test_shop=f"{MODULE}\n{dedent(before)}\n{suite}\n")
