"""What tests of a custom database are written with; it needs the extra `testing`.

Names are looked up when they are first used (PEP 562), so that each one imports only what it needs itself.
"""

import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from customdb_contract.testing import strategies as strategies

_HOME_OF = {
    "strategies": "customdb_contract.testing.strategies:",
}

__all__ = ["strategies"]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value: object = pkgutil.resolve_name(_HOME_OF[name])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
