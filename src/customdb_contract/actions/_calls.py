"""A call of `api`, as it is seen from outside the Action."""

from attrs import frozen

from customdb_contract.transcript import Value

__all__ = ["SeenCall"]


@frozen
class SeenCall:
    """Something that an Action did with `api`.

    Args:
        path: What was called, by Auth0's name: `user.setAppMetadata`.
        arguments: What it was given, secrets masked.
        late: Whether that was after the handler's promise was resolved.
    """

    path: str
    arguments: tuple[Value, ...]
    late: bool = False
