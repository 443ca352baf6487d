"""Secrets, and the markers that replace them: masking happens here and only here."""

from customdb_contract.secrets._reference import (
    PASSWORDS,
    TOLD,
    SecretForm,
    SecretKind,
    SecretRef,
    is_marker,
    secrets_in,
)
from customdb_contract.secrets._registry import SHORTEST_MASKED_ANYWHERE, SecretRegistry
from customdb_contract.secrets._secret import Secret
from customdb_contract.secrets._unknown import SECRET_NAMES, hide_unknown, kind_by_name, kinds_in, names_secret

__all__ = [
    "PASSWORDS",
    "SECRET_NAMES",
    "SHORTEST_MASKED_ANYWHERE",
    "TOLD",
    "Secret",
    "SecretForm",
    "SecretKind",
    "SecretRef",
    "SecretRegistry",
    "hide_unknown",
    "is_marker",
    "kind_by_name",
    "kinds_in",
    "names_secret",
    "secrets_in",
]
