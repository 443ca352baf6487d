"""Hypothesis strategies for the arguments and results of custom databases: valid, flawed on purpose, hostile.

A valid profile needs no repair and breaks no rule; a flawed one breaks exactly the requested rule. E-mails use only
reserved domains. Every strategy shrinks to something short, and invalid arguments raise
`hypothesis.errors.InvalidArgument` when the strategy is created, not when it is drawn from.
"""

from customdb_contract.testing.strategies._databases import DrawnDatabase, databases
from customdb_contract.testing.strategies._flaws import FLAWS, NOT_IN_ONE_PROFILE, flawed_profiles
from customdb_contract.testing.strategies._hostile import hostile_identifiers
from customdb_contract.testing.strategies._identifiers import (
    RESERVED_DOMAINS,
    emails,
    passwords,
    phone_numbers,
    user_ids,
    usernames,
)
from customdb_contract.testing.strategies._in_memory import InMemoryDatabase
from customdb_contract.testing.strategies._metadata import json_values, metadata
from customdb_contract.testing.strategies._profiles import mfa_factors, profiles
from customdb_contract.testing.strategies._transcripts import transcripts
from customdb_contract.testing.strategies._truth import connections, known_users
from customdb_contract.testing.strategies._values import awkward_texts, recorded_values

__all__ = [
    "FLAWS",
    "NOT_IN_ONE_PROFILE",
    "RESERVED_DOMAINS",
    "DrawnDatabase",
    "InMemoryDatabase",
    "awkward_texts",
    "connections",
    "databases",
    "emails",
    "flawed_profiles",
    "hostile_identifiers",
    "json_values",
    "known_users",
    "metadata",
    "mfa_factors",
    "passwords",
    "phone_numbers",
    "profiles",
    "recorded_values",
    "transcripts",
    "user_ids",
    "usernames",
]
