"""The passwords that people type, so that they appear in no output."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry

__all__ = ["TypedPasswords"]

_MOST_REMEMBERED: Final = 1_000
"""Each one takes memory, and a hundred thousand people may live in one tenant."""


class TypedPasswords:
    """Notes what people type, and forgets what was typed long ago: a script that prints that later shows it.

    Two passwords have different markers, also two of the same person: rules tell passwords apart by them.

    Args:
        registry: Where the passwords are noted.
    """

    def __init__(self, registry: SecretRegistry) -> None:
        self._registry = registry
        self._known: set[Secret] = set()
        self._typed: dict[Secret, SecretRef] = {}
        self._numbers = Counter[str]()

    def know(self, passwords: Iterable[Secret]) -> None:
        """Take passwords into account that are noted already, and are never forgotten.

        Args:
            passwords: The passwords of known people.
        """
        self._known.update(passwords)

    def note(self, password: Secret, identifier: str, owner: str) -> None:
        """Note a password before it is used.

        Args:
            password: The password.
            identifier: The identifier that is typed with it; it stays readable though the password be a part of it.
            owner: Whose it is: a label or the identifier.
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
