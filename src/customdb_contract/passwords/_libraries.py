"""The libraries that hash are an extra, imported when the first hash of theirs is met."""

from collections.abc import Generator
from contextlib import contextmanager

from customdb_contract.errors import ConfigurationError

__all__ = ["needing"]


@contextmanager
def needing(library: str) -> Generator[None]:
    """Import a library of the extra in the body.

    Args:
        library: what to install, as the message calls it

    Raises:
        ConfigurationError: it is not installed
    """
    try:
        yield
    except ImportError:
        message = f"a password needs {library}, which is not installed: pip install 'customdb-contract[passwords]'"
        raise ConfigurationError(message) from None
