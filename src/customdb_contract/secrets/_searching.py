"""A thorough search for a few forms of secrets."""

import re
from collections.abc import Sequence
from typing import Final

from customdb_contract.secrets._folding import FOREIGN, first_character, fold
from customdb_contract.secrets._forms import Form

__all__ = ["Search"]

_ASCII: Final = 0x80


class Search:
    """Searches at each place only for the forms that can begin there.

    Args:
        forms: The forms; if several match, the first one counts.
    """

    def __init__(self, forms: Sequence[Form]) -> None:
        # Something that looks like an escape folds to other characters when it is encoded itself, so it can begin
        # anywhere.
        begins = {form.text: "" if form.text.startswith(("\\", "%")) else first_character(form.text) for form in forms}
        firsts = set(begins.values())
        self._beginning_with = {
            key: [form for form in forms if begins[form.text] in {key, ""}] for key in firsts | {""}
        }
        ascii_starts = "".join(re.escape(chr(code)) for code in range(_ASCII) if fold(chr(code)) in firsts)
        others = f"{chr(_ASCII)}-\U0010ffff" if FOREIGN in firsts else ""
        self._starts = re.compile(f"[{ascii_starts}{others}%\\\\\0]")

    def next_in(self, text: str, position: int, *, with_escapes: bool) -> tuple[int, int, Form] | None:
        """Return start, end and form of the next match.

        Args:
            text: Any text.
            position: Where the search begins.
            with_escapes: Whether the text can have escapes.
        """
        for place in self._starts.finditer(text, position):
            start = place.start()
            for form in self._beginning_with.get(first_character(text, start), self._beginning_with[""]):
                if match := form.match(text, start, with_escapes=with_escapes):
                    return start, match.end(), form
        return None
