"""Writes the page about the rules of an audit: what each finding means for the user, and what to do."""

from collections.abc import Mapping
from typing import Final

from customdb_contract.audit import AUDITED, AuditedRule, Fate

__all__ = ["audit_page"]

_PAGE: Final = """\
# What an audit finds

[An audit](../how-to/audit-your-users.md) checks every user with {rules} rules. This page explains what happens to a
user who breaks each of them. Most of these rules also exist in a check, which judges what your scripts return.

{sections}
"""

_MEANINGS: Final[Mapping[Fate, str]] = {
    Fate.REFUSED: """\
Auth0 does not accept the profile: the log-in, or the user's import, fails every time.

**What to do:** Correct these rows, or the code that builds profiles from them, before the move. If users share an
identifier, decide which of them keeps it.""",
    Fate.WRONG_ACCOUNT: """\
Auth0 treats several users as one: the second one to log in gets the profile, the metadata and the access of the first.

**What to do:** Give each of these users a unique key before anyone logs in. This can't be repaired later.""",
    Fate.SECOND_ACCOUNT: """\
Auth0 does not recognize the user the next time, and creates a second account. Everything in the first one is lost.

**What to do:** Return a key that never changes, as text.""",
    Fate.LOST_METADATA: """\
The user logs in, but some of the metadata is not stored, or is stored under another name, without any error.

**What to do:** Rename or restructure these keys in your scripts. Metadata that is already lost can be
[restored](../how-to/restore-lost-metadata.md).""",
    Fate.LOST_ATTRIBUTE: """\
The user logs in, but an attribute of the profile is missing, or its value differs from the store.

**What to do:** Correct the value in the store, or convert it in your scripts.""",
    Fate.NO_PASSWORD: """\
The stored password can't be checked, so the user can't log in with it.

**What to do:** Add the format of these hashes (see [](../how-to/check-legacy-passwords.md)), or let these users reset
their passwords.""",
    Fate.UNREACHABLE: """\
The user has nothing to log in with, and no address for a password reset link.

**What to do:** Find out whether these accounts are still in use, and don't migrate those that aren't.""",
    Fate.EXPOSED: """\
A secret or a hash becomes part of the profile, where applications, logs and support staff can read it.

**What to do:** Leave it out of the profile, and change secrets that have already been exposed.""",
    Fate.UNKNOWN: """\
The row could not be read as a profile, so nothing is known about this user.

**What to do:** Inspect the row: the finding names its file and line, or the exception that your function raised.""",
}


def audit_page() -> str:
    """Return the page, in Markdown."""
    sections = [_section(fate) for fate in Fate if any(rule.fate is fate for rule in AUDITED)]
    return _PAGE.format(rules=len(AUDITED), sections="\n\n".join(sections))


def _section(fate: Fate) -> str:
    rows = "\n".join(map(_row, (rule for rule in AUDITED if rule.fate is fate)))
    return (
        f"## {fate[:1].upper()}{fate[1:]}\n\n{_MEANINGS[fate]}\n\n"
        f"| rule | highest severity | finds |\n| --- | --- | --- |\n{rows}"
    )


def _row(rule: AuditedRule) -> str:
    return f"| [{rule.name}](rules/{rule.name}.md) | {rule.severity} | {rule.summary.replace('|', chr(92) + '|')} |"
