"""The limits of what a runner reports, known to every runner and to the code that reads the reports.

They are defined only here: a runner in Python imports them, and the runner in JavaScript receives them when it opens.
"""

__all__ = [
    "LIMITS",
    "MAX_API_CALLS",
    "MAX_ARGUMENTS",
    "MAX_BITS",
    "MAX_CALLBACKS",
    "MAX_CALLBACK_CHARACTERS",
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "MAX_ITEMS",
    "MAX_LATE",
    "MAX_NOTES",
    "MAX_OBSERVATIONS",
    "MAX_OUTPUT",
    "MAX_TEXT",
]

MAX_BITS = 1024
"""Bits of a recorded integer; a larger one is a `Special("int")`. Python refuses to print very large integers."""

MAX_DEPTH = 50
"""Levels of nesting that are recorded; anything deeper is a `Special("too-deep")`."""

MAX_TEXT = 65_536
"""Characters of one string that are recorded; a longer one is a `Special("long-text")`."""

MAX_ITEMS = 20_000
"""Values of one argument in Python, of all arguments of a call in JavaScript; anything more is `too-many`."""

MAX_CHARACTERS = 2_000_000
"""Characters in all strings of one argument, or of a call as above; beyond that, a string is a `long-text`."""

MAX_ARGUMENTS = 20
"""Arguments of one callback, or of one method of `api`; the rest are left out."""

MAX_CALLBACKS = 20
"""Callbacks of one call; the rest are left out."""

MAX_CALLBACK_CHARACTERS = 16_000_000
"""Characters of JSON for all callbacks of one call, or for all calls of `api` in one run."""

MAX_API_CALLS = 1000
"""Calls of `api` in one run; the rest are left out."""

MAX_OBSERVATIONS = 100
"""Observations of one call or run; the rest are left out."""

MAX_OUTPUT = 1_000_000
"""Characters of output of one call or run; the rest is left out. No other text of a message is longer."""

MAX_LATE = 500
"""Events of earlier calls in one message; the rest are left out."""

MAX_NOTES = 100
"""Warnings in one message; the rest are left out."""

LIMITS = {
    "depth": MAX_DEPTH,
    "text": MAX_TEXT,
    "items": MAX_ITEMS,
    "characters": MAX_CHARACTERS,
    "arguments": MAX_ARGUMENTS,
    "callbacks": MAX_CALLBACKS,
    "callbackCharacters": MAX_CALLBACK_CHARACTERS,
    "apiCalls": MAX_API_CALLS,
    "observations": MAX_OBSERVATIONS,
    "output": MAX_OUTPUT,
    "late": MAX_LATE,
    "notes": MAX_NOTES,
}
"""Those that also apply to the runner in JavaScript, by their names in `limits.cjs`."""
