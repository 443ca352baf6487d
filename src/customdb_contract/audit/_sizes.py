"""The sizes of profiles as JSON."""

from collections.abc import Mapping

from attrs import define

from customdb_contract.audit._engines import Expression, rows_of
from customdb_contract.audit._findings import ProfileSizes
from customdb_contract.audit._users import Users, profile_of_row
from customdb_contract.profiles import PROFILE_ALLOWANCE_BYTES, PROFILE_MAX_BYTES
from customdb_contract.profiles.problems import json_size, readable

__all__ = ["SizeTally"]


@define
class SizeTally:
    """Counts the profiles that are too large."""

    above_limit: int = 0
    above_allowance: int = 0
    largest: int = 0

    def add(self, profile: Mapping[str, object]) -> None:
        """Measure a profile.

        Args:
            profile: The profile, as `readable` returns it.
        """
        size = json_size(profile)
        self.largest = max(self.largest, size)
        if size > PROFILE_ALLOWANCE_BYTES:
            self.above_allowance += 1
        elif size > PROFILE_MAX_BYTES:
            self.above_limit += 1

    def sizes(self, users: int) -> ProfileSizes:
        """Return the counts.

        Args:
            users: The number of users.
        """
        return ProfileSizes(
            up_to_limit=users - self.above_limit - self.above_allowance,
            above_limit=self.above_limit,
            above_allowance=self.above_allowance,
            largest=self.largest,
        )

    def measure_largest(self, users: Users) -> None:
        """Measure the profile with the most characters, if no profile is near the limit.

        Args:
            users: The users.
        """
        length: Expression = 0
        for one in users.fields:
            text = users.table[one.name]
            if one.parent != "password" and text.type().is_string():
                length += text.length().fill_null(0)
        longest = users.table.order_by(length.desc()).limit(1)
        for row in rows_of(longest):
            self.largest = json_size(readable(profile_of_row(row, users.fields)))
