"""How bad a problem is: of a profile, or of what a check found."""

from enum import StrEnum

__all__ = ["Severity"]


class Severity(StrEnum):
    """How bad a finding is."""

    INFO = "info"
    """Good practice, or something to know."""
    WARNING = "warning"
    """A documented recommendation is violated, or it fails under plausible conditions."""
    ERROR = "error"
    """The contract is broken: users see a failure, or there is a security hole."""

    @property
    def rank(self) -> int:
        """A number that grows with the severity, from 0."""
        return list(Severity).index(self)
