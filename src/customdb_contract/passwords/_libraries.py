"""The hashing libraries are an extra; each is imported when its first hash is read."""

from collections.abc import Generator
from contextlib import contextmanager

from customdb_contract.errors import ConfigurationError

__all__ = ["needing"]


@contextmanager
def needing(library: str) -> Generator[None]:
    """Import a library of the extra in the body.

    Args:
        library: what to install, as the message names it

    Raises:
        ConfigurationError: it is not installed
    """
    try:
        yield
    except ImportError:
        message = f"a password needs {library}, which is not installed: pip install 'customdb-contract[passwords]'"
        raise ConfigurationError(message) from None
