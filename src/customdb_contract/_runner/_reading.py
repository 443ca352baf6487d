"""Writes values from a script as JSON, in which everything that JSON does not have is tagged."""

from json.encoder import encode_basestring_ascii as _quoted
from sys import modules

from customdb_contract._runner._builtins import own_builtins
from customdb_contract._runner._limits import MAX_CHARACTERS, MAX_TEXT
from customdb_contract._runner._places import STARTED_IN, place_of_error
from customdb_contract._runner._walking import Walk, is_contract_error

# See _builtins.
__builtins__ = own_builtins()

__all__ = ["encode", "encode_error", "is_from_contract"]

_CONTRACT = "customdb_contract.contract"
_CONSTANTS = {None: "null", True: "true", False: "false"}


def encode(value: object) -> str:
    """Return a value as JSON.

    Args:
        value: A value from a script, of any type, size or depth. Nothing that it does while it is read raises here.
    """
    return _walk(_Json()).value(value)


def encode_error(error: BaseException) -> str:
    """Return an exception as JSON, under the name of its class.

    Args:
        error: The exception; a subclass of one of the contract's errors has that error's name.
    """
    form = _Json()
    return form.error(*_walk(form).parts_of(error))


def is_from_contract(error: BaseException) -> bool:
    """Tell whether an exception is one of the contract's errors.

    Args:
        error: The exception.
    """
    return is_contract_error(error, modules.get(_CONTRACT))


class _Json:
    """Secrets are masked by the reader, so no text is cut shorter than masking needs it."""

    def __init__(self) -> None:
        self._characters_left = MAX_CHARACTERS

    def shown(self, text: str) -> str:
        self._characters_left -= min(len(text), MAX_TEXT)
        return text[:MAX_TEXT] if self._characters_left >= 0 else ""

    def cut(self, text: str) -> str:
        return text[:MAX_TEXT]

    def place(self, error: BaseException) -> str | None:
        return place_of_error(error, STARTED_IN)

    def constant(self, value: bool | None) -> str:  # noqa: FBT001 - see Form
        return _CONSTANTS[value]

    def text(self, text: str) -> str:
        return _quoted(text)

    def number(self, number: float) -> str:
        return repr(number)

    def special(self, kind: str, text: str, size: int | None) -> str:
        length = "null" if size is None else repr(size)
        return f'{{"$special": {_quoted(kind)}, "text": {_quoted(text)}, "size": {length}}}'

    def error(self, name: str, message: str, carried: list[str], location: str | None) -> str:
        place = "null" if location is None else _quoted(location)
        named = f'"$error": {_quoted(name)}, "message": {_quoted(message)}'
        return f'{{{named}, "arguments": [{", ".join(carried)}], "location": {place}}}'

    def items(self, items: list[str]) -> str:
        return f"[{', '.join(items)}]"

    def pairs(self, pairs: list[tuple[str, str]]) -> str:
        if all(name[:1] != "$" for name, _ in pairs):
            return f"{{{', '.join([f'{_quoted(name)}: {item}' for name, item in pairs])}}}"
        return f'{{"$mapping": [{", ".join([f"[{_quoted(name)}, {item}]" for name, item in pairs])}]}}'


def _walk(form: _Json) -> Walk[str]:
    # A script that has not imported the contract has no such error, and importing it here would take time.
    return Walk(form, modules.get(_CONTRACT))
