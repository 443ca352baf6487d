"""The interpreter's own messages about a script: warnings, and exceptions that cannot be caught."""

import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

from customdb_contract.bridges.python._output import CAPTURE

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

__all__ = ["divert_complaints", "restore_complaints"]

_Mask = Callable[[str], str]
# The default that shows a warning unless `showwarning` is replaced; `warnings.catch_warnings` replaces it.
_SHOWN_BY_DEFAULT: Final = warnings.showwarning


class _WarningHook:
    """Stands in for `warnings.showwarning`, and passes on warnings that no script causes."""

    def __init__(self, original: Callable[..., object]) -> None:
        self.original = original

    def __call__(  # noqa: PLR0917 - that is how `warnings` calls it
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        capture = CAPTURE.get()
        if capture is not None:
            capture.write(warnings.formatwarning(message, category, filename, lineno, line))
        elif self.original is _SHOWN_BY_DEFAULT:
            shown = warnings.WarningMessage(message, category, filename, lineno, file, line)
            # `warnings.catch_warnings` records through this function; there is no public one.
            cast("Any", warnings)._showwarnmsg_impl(shown)  # noqa: SLF001 - see above
        else:
            self.original(message, category, filename, lineno, file, line)


class _UnraisableHook:
    """Stands in for `sys.unraisablehook`: `__del__` of what scripts leave behind can run on any thread."""

    def __init__(self, original: "Callable[[UnraisableHookArgs], object]", mask: _Mask) -> None:
        self.original = original
        self.mask = mask

    def __call__(self, unraisable: "UnraisableHookArgs", /) -> None:
        capture = CAPTURE.get()
        text = _text_of(unraisable)
        masked = self.mask(text)
        if capture is not None:
            capture.write(text)
        elif masked != text:
            sys.stderr.write(masked)
        else:
            self.original(unraisable)


def divert_complaints(mask: _Mask) -> None:
    """Install stand-ins for `warnings.showwarning` and `sys.unraisablehook`, unless they are installed.

    Args:
        mask: Replaces the secrets of every open database.
    """
    if not isinstance(warnings.showwarning, _WarningHook):
        warnings.showwarning = _WarningHook(warnings.showwarning)
    if not isinstance(sys.unraisablehook, _UnraisableHook):
        sys.unraisablehook = _UnraisableHook(sys.unraisablehook, mask)


def restore_complaints() -> None:
    """Restore both, unless other code has replaced them since."""
    if isinstance(warnings.showwarning, _WarningHook):
        warnings.showwarning = cast("Any", warnings.showwarning.original)
    if isinstance(sys.unraisablehook, _UnraisableHook):
        sys.unraisablehook = sys.unraisablehook.original


def _text_of(unraisable: "UnraisableHookArgs") -> str:
    what = unraisable.err_msg or "Exception ignored in"
    shown = ""
    with suppress(BaseException):  # the repr of a script's object can do anything
        shown = f": {unraisable.object!r}"
    lines = traceback.format_exception(unraisable.exc_type, unraisable.exc_value, unraisable.exc_traceback)
    return f"{what}{shown}\n{''.join(lines)}"
