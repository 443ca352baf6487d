"""The few exceptions that you can catch."""

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
    """The base class of every exception that this library raises on purpose."""


class ConfigurationError(CustomDatabaseError, ValueError):
    """An argument cannot be used: a setting, a known user, a rule name, or a database that cannot be imported.

    The message says what was wrong, where, what was expected and what to do. The command line exits with code 2.
    """


class TranscriptError(CustomDatabaseError, ValueError):
    """A text or JSON document is not a transcript; the message names the line or the key."""


class ContractBrokenError(CustomDatabaseError, AssertionError):
    """A report is not ok; raised by `Report.raise_for_failures`, with the report's text as the message."""


class DatabaseOpeningError(CustomDatabaseError):
    """A database could not be opened: the function or context manager of a custom one raised, or took too long.

    The message has the exception's class and message, with secrets masked. Nothing was judged, so this says nothing
    about the scripts. An audit raises it if the user store is unreachable, rejects the query, or fails during the
    audit.
    """


class ProfileError(CustomDatabaseError, ValueError):
    """Auth0 does not accept a profile; the message names each attribute and what was expected of it."""


class ScriptCallError(CustomDatabaseError):
    """A script that was called directly ended in a way the contract does not allow; the message says how."""


class UndocumentedOperationError(CustomDatabaseError):
    """The simulated tenant was asked to do something whose outcome Auth0's documentation does not describe."""


class UnknownPasswordFormatError(CustomDatabaseError, ValueError):
    """A stored password is in no declared format, in two of them, or takes too much work to check.

    The message has the key of the row and what to do, but nothing of what is stored. Whether the password is right
    stays unknown.
    """


class UnusablePasswordError(CustomDatabaseError, ValueError):
    """A new password cannot be stored: it is empty, too long, or has characters that cannot be hashed."""
