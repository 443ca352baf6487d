"""Recording: turns what a script returned into plain data at once, so that no code of the script runs later."""

from customdb_contract import contract
from customdb_contract._runner._places import place_of_error, working_folder
from customdb_contract._runner._walking import Walk, safe_text
from customdb_contract.transcript._masking import SHOWN_TEXT, Mask, mask_number, mask_text
from customdb_contract.transcript._values import RecordedError, Special, Value

__all__ = ["record", "record_error", "safe_text"]


def record(value: object, mask: Mask) -> Value:
    """Return a recorded value, which contains no object of the script.

    Args:
        value: A value from a script, of any type, size or depth. Nothing that it does while it is read raises here.
        mask: Replaces the secrets in every text.

    Returns:
        The value with secrets masked, and with `Special` for values that JSON does not have.
    """
    return _walk(_Recorded(mask)).value(value)


def record_error(error: BaseException, mask: Mask) -> RecordedError:
    """Return a recorded exception, located in the script and not in a library that it called.

    Args:
        error: The exception.
        mask: Replaces the secrets in its message and arguments.

    Returns:
        The exception under the name of its class; a subclass of one of the contract's errors under that error's name.
    """
    form = _Recorded(mask)
    return form.error(*_walk(form).parts_of(error))


class _Recorded:
    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    def shown(self, text: str) -> str:
        return mask_text(text, self._mask, SHOWN_TEXT)

    def cut(self, text: str) -> str:
        return mask_text(text, self._mask)

    def place(self, error: BaseException) -> str | None:
        place = place_of_error(error, working_folder())
        return None if place is None else self.cut(place)

    def constant(self, value: bool | None) -> Value:  # noqa: FBT001 - see Form
        return value

    def text(self, text: str) -> Value:
        return self._mask(text)

    def number(self, number: float) -> Value:
        return mask_number(number, self._mask)

    def special(self, kind: str, text: str, size: int | None) -> Value:
        return Special(kind, text, size)

    def error(self, name: str, message: str, carried: list[Value], location: str | None) -> RecordedError:
        return RecordedError(name, message, tuple(carried), location)

    def items(self, items: list[Value]) -> Value:
        return items

    def pairs(self, pairs: list[tuple[str, Value]]) -> Value:
        return dict(pairs)


def _walk(form: _Recorded) -> Walk[Value]:
    return Walk(form, contract)
