"""A call of `api`, as seen from outside the Action."""

from attrs import frozen

from customdb_contract.transcript import Value

__all__ = ["SeenCall"]


@frozen
class SeenCall:
    """Something that an Action did with `api`.

    Args:
        path: The name of the call at Auth0: `user.setAppMetadata`.
        arguments: Its arguments, with secrets masked.
        late: Whether the call came after the handler's promise was resolved.
    """

    path: str
    arguments: tuple[Value, ...]
    late: bool = False
