"""`python -m benchmarks.migrating USERS`: migrate users one after another, and print the cost as JSON."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Final

from customdb_contract import Connection, Found, ProfileResult
from customdb_contract.tenant import Tenant

__all__ = ["IMPORT_MODE", "Shop", "main"]

IMPORT_MODE: Final = Connection(import_mode=True)
_AT_ONCE: Final = 1_000
_FILLING: Final = 2
"""The number of thousands that fill all caches; only later ones are measured."""


class Shop:
    """A database that knows every user, and costs almost nothing."""

    def login(self, identifier: str, password: str) -> ProfileResult:
        """Accept every password."""
        assert password
        return self.get_user(identifier)

    def get_user(self, identifier: str) -> ProfileResult:
        """Find every user."""
        name = identifier.partition("@")[0]
        metadata = {"app_metadata": {"plan": "full"}, "user_metadata": {"language": "de"}}
        return Found({"user_id": name, "email": identifier, "email_verified": True, **metadata})


def _resident_bytes() -> int:
    """Return the current memory of this process; the maximum would include that of its parent."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main(users: int) -> None:
    """Print the seconds for one of the first thousands and one of the last, and the bytes for each user.

    Args:
        users: The number of users: several thousand.
    """
    laps: list[float] = []
    with Tenant(Shop(), connection=IMPORT_MODE) as tenant:
        before = 0
        for first in range(0, users, _AT_ONCE):
            started = time.process_time()
            for number in range(first, first + _AT_ONCE):
                tenant.log_in(f"user{number}@example.com", f"Password number {number}")
            laps.append(time.process_time() - started)
            if len(laps) == _FILLING:
                before = _resident_bytes()
        taken = _resident_bytes() - before
        assert len(tenant.users) == users
    counted = users - _FILLING * _AT_ONCE
    print(json.dumps({"first": laps[_FILLING], "last": min(laps[-3:]), "bytes": taken / counted}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
