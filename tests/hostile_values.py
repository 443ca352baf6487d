"""Objects that misbehave in every way while they are read, as scripts may return them."""

from collections.abc import Iterator, Mapping
from typing import Any

from typing_extensions import override

from customdb_contract.contract import ScriptError, ValidationError

__all__ = [
    "EndlessMapping",
    "FailingMapping",
    "Hostile",
    "HostileMapping",
    "Kind",
    "Liar",
    "Nameless",
    "NamelessMeta",
    "Number",
    "ObjectIdOf",
    "Ratio",
    "Row",
    "UnreadableCodeError",
    "UnreadableError",
    "in_error",
    "in_list",
    "in_mapping",
    "in_tuple",
]


class Kind(str):
    """A str subclass that lies in every way it can."""

    __slots__ = ()

    @override
    def __str__(self) -> str:
        raise KeyboardInterrupt

    @override
    def __repr__(self) -> str:
        return "lie"

    @override
    def __len__(self) -> int:
        return 10**9

    @override
    def __eq__(self, other: object) -> bool:
        raise SystemExit

    @override
    def __hash__(self) -> int:
        return 0

    @override
    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        raise OSError


class Number(int):
    """An int subclass that lies."""

    @override
    def __int__(self) -> int:
        raise KeyboardInterrupt

    @override
    def __repr__(self) -> str:
        raise KeyboardInterrupt

    @override
    def bit_length(self) -> int:
        return 10**9


class Ratio(float):
    """A float subclass that lies."""

    @override
    def __float__(self) -> float:
        raise KeyboardInterrupt


class Row(list[object]):
    """A list subclass that cannot be read through its own methods."""

    def fail(self) -> None:
        """Raise an error here."""
        message = "x"
        raise ScriptError(message)

    @override
    def __iter__(self) -> Iterator[object]:
        raise KeyboardInterrupt

    @override
    def __getitem__(self, key: Any) -> Any:
        raise KeyboardInterrupt

    @override
    def __len__(self) -> int:
        raise KeyboardInterrupt


class Hostile:
    """Fails in every way, with an error that is not an Exception."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error = error

    @override
    def __getattribute__(self, name: str) -> Any:
        raise object.__getattribute__(self, "error")

    @override
    def __str__(self) -> str:
        raise object.__getattribute__(self, "error")

    @override
    def __repr__(self) -> str:
        raise object.__getattribute__(self, "error")

    @override
    def __eq__(self, other: object) -> bool:
        raise object.__getattribute__(self, "error")

    @override
    def __hash__(self) -> int:
        raise object.__getattribute__(self, "error")


class HostileMapping(Mapping[str, object]):
    """A mapping that fails while it is read."""

    @override
    def __iter__(self) -> Iterator[str]:
        raise SystemExit(3)

    @override
    def __getitem__(self, key: str) -> object:
        raise SystemExit(3)

    @override
    def __len__(self) -> int:
        raise SystemExit(3)


class EndlessMapping(dict[str, object]):
    """A mapping with endless items."""

    @override
    def items(self) -> Any:
        number = 0
        while True:
            number += 1
            yield f"key-{number}", number


class Liar:
    """Claims to be a text."""

    @property  # type: ignore[misc]  # this is the lie
    @override
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]  # this is the lie
        return str


class NamelessMeta(type):
    """The class of a class whose name cannot be read."""

    @property
    @override
    def __name__(cls) -> str:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]  # so it is
        raise KeyboardInterrupt


class Nameless(metaclass=NamelessMeta):
    @override
    def __str__(self) -> str:
        return "here"


class UnreadableError(ScriptError):
    """An error whose message cannot be read."""

    @override
    def __getattribute__(self, name: str) -> Any:
        raise KeyboardInterrupt

    @override
    def __str__(self) -> str:
        raise KeyboardInterrupt


class UnreadableCodeError(ValidationError):
    """An error whose code cannot be read."""

    @override
    def __getattribute__(self, name: str) -> Any:
        if name == "code":
            raise SystemExit(4)
        return super().__getattribute__(name)


class ObjectIdOf:
    """An object whose text is given."""

    def __init__(self, text: str) -> None:
        self.text = text

    @override
    def __str__(self) -> str:
        return self.text


class FailingMapping(HostileMapping):
    """A mapping that fails with a given message."""

    def __init__(self, text: str) -> None:
        self.text = text

    @override
    def __iter__(self) -> Iterator[str]:
        raise ValueError(self.text)


def in_list(value: object) -> object:
    """Return a list around a value."""
    return [value]


def in_tuple(value: object) -> object:
    """Return a tuple around a value."""
    return (1, value)


def in_mapping(value: object) -> object:
    """Return a mapping around a value."""
    return {"a": value}


def in_error(value: object) -> object:
    """Return an error that carries a value."""
    error = ValidationError("code")
    error.__dict__["code"] = value
    return error
