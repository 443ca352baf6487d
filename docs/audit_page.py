"""Writes the page of what an audit finds: what each finding means for that user, and what to do."""

from collections.abc import Mapping
from typing import Final

from customdb_contract.audit import AUDITED, AuditedRule, Fate
from customdb_contract.rules import CATALOGUE

__all__ = ["audit_page"]

_PAGE: Final = """\
# What an audit finds

[An audit](../how-to/audit-your-users.md) looks at every user with {rules} rules. For each, this page says what happens
to a user who breaks it. The rules with a page of their own are those of a check, which judges what your scripts return;
the others need all users, or the stored passwords.

{sections}
"""

_MEANINGS: Final[Mapping[Fate, str]] = {
    Fate.REFUSED: """\
Auth0 does not accept the profile: the log-in, or the user's import, ends with an error, however often the user tries.

**What to do:** Correct these rows, or the code that makes profiles of them, before the move. For users who share an
identifier, decide which of them keeps it.""",
    Fate.WRONG_ACCOUNT: """\
Auth0 takes several users for one: whoever logs in second gets the profile, the metadata and the access of the first.

**What to do:** Give each of these users a key of their own before anybody logs in. Nothing repairs this later.""",
    Fate.SECOND_ACCOUNT: """\
Auth0 does not recognize the user the next time, and makes a second account; what the first one has is lost to the user.

**What to do:** Return a key that never changes, as a text.""",
    Fate.LOST_METADATA: """\
The user logs in, but some of the metadata is not stored, or is stored under another name. Nothing reports it.

**What to do:** Rename or reshape these keys in your scripts. What is lost already can be
[restored](../how-to/restore-lost-metadata.md).""",
    Fate.LOST_ATTRIBUTE: """\
The user logs in, but an attribute of the profile is missing, or has another value than in the store.

**What to do:** Correct the value in the store, or convert it in your scripts.""",
    Fate.NO_PASSWORD: """\
The stored password can't be checked, so the user can't log in with it.

**What to do:** Add the format of these hashes (see [](../how-to/check-legacy-passwords.md)), or let these users reset
their passwords.""",
    Fate.UNREACHABLE: """\
The user has nothing to log in with, and no address to send a link for a new password to.

**What to do:** Find out whether anybody still uses these accounts, and leave them behind if nobody does.""",
    Fate.EXPOSED: """\
A secret or a hash becomes a part of the profile, where applications, logs and support staff can read it.

**What to do:** Leave it out of the profile, and change secrets that were exposed already.""",
    Fate.UNKNOWN: """\
The row could not be read as a profile, so nothing is known about this user.

**What to do:** Look at the row: the finding names its file and line, or the exception that your function raised.""",
}


def audit_page() -> str:
    """Return the page, in Markdown."""
    sections = [_section(fate) for fate in Fate if any(rule.fate is fate for rule in AUDITED)]
    return _PAGE.format(rules=len(AUDITED), sections="\n\n".join(sections))


def _section(fate: Fate) -> str:
    rows = "\n".join(map(_row, (rule for rule in AUDITED if rule.fate is fate)))
    return (
        f"## {fate[:1].upper()}{fate[1:]}\n\n{_MEANINGS[fate]}\n\n"
        f"| rule | severity, at most | what is wrong with this user |\n| --- | --- | --- |\n{rows}"
    )


def _row(rule: AuditedRule) -> str:
    has_page = any(one.info.name == rule.name for one in CATALOGUE)
    name = f"[{rule.name}](rules/{rule.name}.md)" if has_page else f"`{rule.name}`"
    return f"| {name} | {rule.severity} | {rule.summary.replace('|', chr(92) + '|')} |"
