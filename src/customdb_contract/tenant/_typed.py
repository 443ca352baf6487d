"""The passwords that users type, so that they appear in no output."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry

__all__ = ["TypedPasswords"]

_MOST_REMEMBERED: Final = 1_000
"""Each one takes memory, and a hundred thousand users can live in one tenant."""


class TypedPasswords:
    """Registers what users type, and forgets old entries: a script that prints one of these later shows it.

    Two passwords have different markers, even for the same user: rules distinguish passwords by them.

    Args:
        registry: Where the passwords are registered.
    """

    def __init__(self, registry: SecretRegistry) -> None:
        self._registry = registry
        self._known: set[Secret] = set()
        self._typed: dict[Secret, SecretRef] = {}
        self._numbers = Counter[str]()

    def know(self, passwords: Iterable[Secret]) -> None:
        """Include passwords that are already registered, and are never forgotten.

        Args:
            passwords: The passwords of known users.
        """
        self._known.update(passwords)

    def note(self, password: Secret, identifier: str, owner: str) -> None:
        """Register a password before it is used.

        Args:
            password: The password.
            identifier: The identifier that is typed with it; it stays readable even if the password is a part of it.
            owner: Who it belongs to: a label or the identifier.
        """
        if password.reveal() in identifier:
            self._registry.add_public(identifier)
        if password in self._known:
            return
        ref = self._typed.pop(password, None)
        if ref is None:
            self._numbers[owner] += 1
            ref = SecretRef(SecretKind.PASSWORD, f"{owner}, typed {self._numbers[owner]}")
            self._registry.add(password, ref)
        # The one that was used last stays longest.
        self._typed[password] = ref
        if len(self._typed) > _MOST_REMEMBERED:
            oldest = next(iter(self._typed))
            self._registry.forget(oldest, self._typed.pop(oldest))
