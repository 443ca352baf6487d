"""The start of the process: a guard stays behind, and its child serves."""

from customdb_contract._runner._guard import guarded
from customdb_contract._runner._serving import serve

__all__ = ["main"]


def main() -> None:
    """Serve the database of the container whose descriptors `life` and `control` are the arguments."""
    serve(*guarded())
