"""Advice on an exception that escapes a script, depending on its message and the script's language."""

import re
from typing import Final

from customdb_contract.contract import Script
from customdb_contract.transcript import UNKNOWN, Exchange, Language, RecordedError, Transcript, language_of

__all__ = ["advice_on_raised"]


_REPORT: Final = {
    None: "report it as ScriptError or with callback(error)",
    Language.PYTHON: "report it as ScriptError",
    Language.JAVASCRIPT: "report it with callback(error)",
}
_NO_SUCH_USER: Final = {
    Script.GET_USER: {
        None: "return NotFound(), or call callback(null)",
        Language.PYTHON: "return NotFound()",
        Language.JAVASCRIPT: "call callback(null)",
    },
    Script.LOGIN: {
        None: "report a WrongUsernameOrPasswordError",
        Language.PYTHON: "raise WrongUsernameOrPasswordError(None)",
        Language.JAVASCRIPT: "call callback(new WrongUsernameOrPasswordError(null))",
    },
}
"""How a script reports that there is no such user."""

_ABSENT: Final = frozenset(
    # Python itself, Django, SQLAlchemy, peewee and Pony
    {"KeyError", "IndexError", "StopIteration", "DoesNotExist", "ObjectDoesNotExist", "NoResultFound", "ObjectNotFound"}
)
_OF_NOTHING: Final = re.compile(
    r"'NoneType' object|Cannot (?:read|destructure|convert)\b.*\b(?:undefined|null)\b|^(?:undefined|null) is not"
)
_UNAWAITED: Final = re.compile(r"'(?:coroutine|_asyncio\.Future|_asyncio\.Task|Task|Future)' object")


def advice_on_raised(transcript: Transcript, exchange: Exchange, raised: RecordedError) -> str:
    """Return the advice on an exception.

    Args:
        transcript: The transcript with the call.
        exchange: The call.
        raised: The exception.
    """
    if _UNAWAITED.search(raised.message):
        return "an await is missing: await the coroutine"
    info = transcript.header.scripts.get(exchange.script)
    language = language_of(raised.location, None if info is None else info.location)
    catch = f"catch it, and {_REPORT[language]}"
    ways = _NO_SUCH_USER.get(exchange.script)
    if ways is None or exchange.person != UNKNOWN or exchange.situation.family == "outage" or not _is_absence(raised):
        return catch
    return f"if it means that there is no such user, {ways[language]}; otherwise {catch}"


def _is_absence(raised: RecordedError) -> bool:
    return raised.name in _ABSENT or _OF_NOTHING.search(raised.message) is not None
