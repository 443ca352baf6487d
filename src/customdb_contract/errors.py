"""The few exceptions that a caller can catch."""

__all__ = [
    "ConfigurationError",
    "ContractBrokenError",
    "CustomDatabaseError",
    "DatabaseOpeningError",
    "ProfileError",
    "ScriptCallError",
    "TranscriptError",
    "UndocumentedOperationError",
    "UnknownPasswordFormatError",
    "UnusablePasswordError",
]


class CustomDatabaseError(Exception):
    """The base of every exception that this library raises on purpose."""


class ConfigurationError(CustomDatabaseError, ValueError):
    """What the caller gave cannot be used: a setting, a known user, a rule name, a database that cannot be imported.

    The message says what was wrong, where, what was expected and what to do. The command line ends with exit code 2.
    """


class TranscriptError(CustomDatabaseError, ValueError):
    """A text or a JSON document is not a transcript; the message names the line or the key."""


class ContractBrokenError(CustomDatabaseError, AssertionError):
    """A report is not ok; raised by `Report.raise_for_failures`, with the report's text as its message."""


class DatabaseOpeningError(CustomDatabaseError):
    """A database could not be opened: the function or context manager of a custom one raised, or took too long.

    The message has the exception's class and its message, secrets masked. Nothing was judged by then: this says nothing
    about the scripts. An audit raises it for a store of users that can't be reached, or refuses the query.
    """


class ProfileError(CustomDatabaseError, ValueError):
    """A profile is not one that Auth0 accepts; the message names each attribute and what was expected of it."""


class ScriptCallError(CustomDatabaseError):
    """A script that was called directly did not end as a script may; the message says how it ended."""


class UndocumentedOperationError(CustomDatabaseError):
    """The simulated tenant was asked for something of which Auth0's documentation does not say what happens."""


class UnknownPasswordFormatError(CustomDatabaseError, ValueError):
    """What a row has for a password is in no declared format, in two of them, or takes too much work to check.

    The message has the key of the row and what to do, and nothing of what is stored. Whether the password is right is
    left open.
    """


class UnusablePasswordError(CustomDatabaseError, ValueError):
    """A new password cannot be stored: it is empty, too long, or has characters that cannot be hashed."""
