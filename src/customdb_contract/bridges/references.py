"""References to what is in a Python module."""

import difflib
from collections.abc import Sequence

from customdb_contract.errors import ConfigurationError

__all__ = ["near_names", "parted"]


def parted(reference: str) -> tuple[str, str]:
    """Return the module and the attribute that a reference names.

    Args:
        reference: A text such as `shop.legacy:database`.

    Raises:
        ConfigurationError: When it is no reference.
    """
    module, colon, attribute = reference.partition(":")
    if not (module and colon and attribute):
        message = (
            f"{reference!r} is no reference to a Python object; write module:attribute, such as shop.legacy:database"
        )
        raise ConfigurationError(message)
    return module, attribute


def near_names(attribute: str, names: Sequence[str]) -> str:
    """Return a hint at what somebody may have meant, empty where there is none.

    Args:
        attribute: The attribute that is not there.
        names: Those that are.
    """
    near = difflib.get_close_matches(attribute.partition(".")[0], names, n=3)
    return f"; did you mean {' or '.join(near)}?" if near else ""
