"""A text that appears in no output."""

from typing import final

from attrs import field, frozen
from typing_extensions import override

__all__ = ["Secret"]


@final
@frozen(repr=False, str=False)
class Secret:
    """A text that appears in no output: its repr and its str are masked.

    Args:
        value: The secret itself.
    """

    _value: str = field(alias="value")

    def reveal(self) -> str:
        """Return the secret itself, for the one call that needs it."""
        return self._value

    @override
    def __repr__(self) -> str:
        return "Secret('…')"

    @override
    def __str__(self) -> str:
        return "…"
