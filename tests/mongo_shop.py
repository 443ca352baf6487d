"""The shop of `sql_stores`, with its users, in collections of a test double of MongoDB."""

from collections.abc import Iterator
from itertools import count
from typing import Any, Final

from attrs import field, frozen
from bson import ObjectId

from customdb_contract.databases import AsyncMongoDatabase, MongoDatabase, MongoUsers
from doubles.mongod import MongodDouble
from sql_stores import PASSWORDS, PEOPLE, hashed

__all__ = ["ADA", "MongoShop", "users_of"]

ADA: Final = ObjectId("6748c0ffee0000000000ada1")
_CASELESS: Final = {"locale": "en", "strength": 2}


@frozen
class MongoShop:
    """Collections on a double.

    Args:
        double: The double.
    """

    double: MongodDouble
    _numbers: Iterator[int] = field(factory=lambda: count(1))

    def users(self, *, full: bool = False) -> MongoUsers:
        """Create a collection with its indexes, and return its mapping."""
        users = users_of(f"customers{next(self._numbers)}")
        collection = self.double.collection(users.collection)
        for path in ("contact.email", "login"):
            options = {"unique": True, "sparse": True, "collation": _CASELESS}
            collection.create_index({"key": {path: 1}, "name": path, **options})
        for number, person in enumerate(PEOPLE if full else ()):
            assert person.password is not None
            document = {
                "contact": {"email": person.email, "confirmed": bool(person.profile.get("email_verified"))},
                "secret": {"hash": hashed(person.password.reveal())},
                "blocked": person.disabled,
                "name": {"first": person.profile.get("given_name")},
                "plan": "patron",
                "settings": {"language": "en"},
                "tenant": 3,
            }
            login = {} if person.username is None else {"login": person.username}
            collection.insert({"_id": ADA if number == 0 else f"old-{number}", **document, **login})
        return users

    def database(self, users: MongoUsers, **settings: Any) -> MongoDatabase:
        """Return the custom database for plain calls."""
        return MongoDatabase(settings.pop("url", self.double.url), users, PASSWORDS, **settings)

    def async_database(self, users: MongoUsers, **settings: Any) -> AsyncMongoDatabase:
        """Return the custom database for coroutines."""
        return AsyncMongoDatabase(settings.pop("url", self.double.url), users, PASSWORDS, **settings)


def users_of(collection: str) -> MongoUsers:
    """Return the mapping of a shop's fields."""
    return MongoUsers(
        collection=collection,
        user_id_prefix="shop-",
        email="contact.email",
        username="login",
        password="secret.hash",
        email_verified="contact.confirmed",
        disabled="blocked",
        fields={"given_name": "name.first"},
        app_metadata={"plan": "plan"},
        user_metadata="settings",
        scope={"tenant": 3},
        new_values={"plan": "none", "signed_up": lambda: True},
    )
