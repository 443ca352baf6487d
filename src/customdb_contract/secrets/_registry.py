"""The secrets that one check knows, and masking."""

from collections import Counter
from threading import Lock
from typing import Final

from customdb_contract.secrets._reference import SecretKind, SecretRef
from customdb_contract.secrets._replacing import Replacement
from customdb_contract.secrets._secret import Secret

__all__ = ["SHORTEST_MASKED_ANYWHERE", "SecretRegistry"]

SHORTEST_MASKED_ANYWHERE: Final = 6
"""Length in characters: a shorter secret is masked only if a whole argument equals it."""

_MOST_NUMBERS: Final = 10_000
"""A script that generates secrets without end gets no more numbers, and takes no more memory."""


class SecretRegistry:
    """The secrets that one check knows, and the markers that replace them.

    A secret of `SHORTEST_MASKED_ANYWHERE` characters or more is replaced wherever it occurs, in all its forms, except
    as a part of a public identifier. A secret that is shorter, or equals a public identifier, is replaced only if a
    whole argument equals it: replacing it anywhere would garble unrelated text.

    Undeclared secrets that are recognized by their format are replaced too: hashes, private keys, credentials in a URL.
    Different secrets have different numbers. Guillemets that are not markers become single ones.
    """

    def __init__(self) -> None:
        self._secrets: dict[str, SecretRef] = {}
        self._public: set[str] = set()
        self._numbers: dict[tuple[SecretKind, str], int] = {}
        self._numbered = Counter[SecretKind]()
        self._replacement = Replacement(self.marker_of_unknown)
        self._lock = Lock()

    def add_public(self, text: str) -> None:
        """Register an identifier, which stays readable even if it equals a user's password.

        Args:
            text: An e-mail address, a username or another identifier.
        """
        if text not in self._public:
            with self._lock:
                self._public.add(text)
                self._replacement.keep(text)

    def add(self, secret: Secret, ref: SecretRef) -> None:
        """Register a secret. Its first reference stays.

        Args:
            secret: The secret.
            ref: What it is, and who it belongs to.
        """
        value = secret.reveal()
        if value and value not in self._secrets:
            with self._lock:
                self._secrets[value] = ref
                self._replacement.add(value, ref, anywhere=self.is_masked_anywhere(secret))

    def forget(self, secret: Secret, ref: SecretRef) -> None:
        """Remove a secret: it is no longer replaced, unless it was registered under another reference before.

        Args:
            secret: The secret.
            ref: The reference under which it was registered.
        """
        value = secret.reveal()
        if self._secrets.get(value) == ref:
            with self._lock:
                del self._secrets[value]
                self._replacement.forget(value, ref)

    def is_masked_anywhere(self, secret: Secret) -> bool:
        """Tell whether the secret would be recognized inside other text.

        Args:
            secret: A secret, registered or not.

        Returns:
            False for a secret that is too short or equals a public identifier, so that no rule can tell whether it
            leaked.
        """
        value = secret.reveal()
        return len(value) >= SHORTEST_MASKED_ANYWHERE and value not in self._public

    def mask_argument(self, text: str) -> str:
        """Return an argument of a call with secrets replaced; an argument that equals a secret becomes its marker.

        Args:
            text: The argument.

        Returns:
            The marker, or the text with the secrets inside it replaced.
        """
        ref = self._secrets.get(text)
        return ref.marker if ref is not None else self.mask(text)

    def mask(self, text: str) -> str:
        """Return a text with every secret in it replaced by its marker. Masking the result again changes nothing.

        Args:
            text: What a script returned, raised or printed.

        Returns:
            The text without secrets.
        """
        remembered = self._replacement.remembered.get(text)
        if remembered is not None:
            return remembered
        # A thread that a script left behind can print while the next password is registered.
        with self._lock:
            return self._replacement(text)

    def marker_of_unknown(self, kind: SecretKind, value: str) -> str:
        """Return the marker of an undeclared secret; the same secret gets the same marker.

        Args:
            kind: What it is.
            value: The secret.
        """
        number = self._numbers.get((kind, value))
        if number is None:
            number = self._numbered[kind] + 1
            if number <= _MOST_NUMBERS:
                self._numbered[kind] = number
                self._numbers[kind, value] = number
        return SecretRef(kind, str(number)).marker
