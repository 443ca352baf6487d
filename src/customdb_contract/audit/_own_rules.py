"""The rules that only audits have, each with its page."""

from typing import Final

from attrs import frozen

from customdb_contract._pages import rule_page
from customdb_contract.audit._findings import Fate
from customdb_contract.findings import Group, Severity

__all__ = ["OWN_RULES", "AuditedRule"]


@frozen(kw_only=True)
class AuditedRule:
    """A rule of an audit.

    Args:
        name: The name; a rule of a check has the same name there.
        group: The group of the rule.
        severity: The highest severity of its findings.
        summary: What is wrong with the users who break it, in one sentence.
        fate: What will happen to these users.
        of_all_users: Whether it compares users, so that no profile breaks it alone.
        docstring: The page of a rule that only audits have, as Markdown; empty for a rule that checks have too.
    """

    name: str
    group: Group
    severity: Severity
    summary: str
    fate: Fate
    of_all_users: bool = False
    docstring: str = ""

    @property
    def docs(self) -> str:
        """The path of the rule's page, below the root of the documentation."""
        return rule_page(self.name)


def _own(*, name: str, group: Group, severity: Severity, fate: Fate, docstring: str) -> AuditedRule:
    """Return a rule that only audits have; the first line of its page is its summary."""
    summary = docstring.partition("\n")[0]
    return AuditedRule(name=name, group=group, severity=severity, summary=summary, fate=fate, docstring=docstring)


OWN_RULES: Final = (
    _own(
        name="unreadable-row",
        group=Group.PROFILE,
        severity=Severity.ERROR,
        fate=Fate.UNKNOWN,
        docstring="""\
A row of the store could not be read as a profile.

## Why this matters
Nothing is known about this user, because no other rule could check the row. A line of a CSV file that ends in the
middle of a quoted value even hides the lines that follow it.

## What it finds
- A line of a CSV file with more or fewer values than there are columns, with a quote that is not closed, or with text
  that is not UTF-8.
- A line of a JSON Lines file that is not a JSON object.
- A row for which the function that `[audit] python` names, or `profile_of` in Python, raises an exception, returns
  something other than a mapping, takes too long, or ends its process.

## How to fix
The finding names the file and the line, or the user. Correct the export, or the function. In a CSV file, put a value
that contains a quote, a delimiter or a line break into quotes, and write each quote inside it twice.""",
    ),
    _own(
        name="unreachable-user",
        group=Group.PROFILE,
        severity=Severity.ERROR,
        fate=Fate.UNREACHABLE,
        docstring="""\
A user has no e-mail, no username and no phone number.

## Why this matters
This user has nothing to enter in the log-in form, and no address to which Auth0 could send a link to set a new
password. Such rows are often accounts that were only partly deleted, or that belong to a service.

## How to fix
Find out whether these accounts are still in use. If not, exclude them from the query of the audit and from your
scripts. Otherwise, add an identifier to the store.""",
    ),
    _own(
        name="missing-password",
        group=Group.MIGRATION,
        severity=Severity.WARNING,
        fate=Fate.NO_PASSWORD,
        docstring="""\
A user has no password in the store.

## Why this matters
`login` has nothing to compare the password with, so this user can't log in and is never migrated. This is
expected for users of a social or an enterprise connection. All others can never log in.

## What it finds
A column `password_hash` that is NULL or empty, or contains a common marker for "no password": `*`, `*0`, `*1`, or a
text that begins with `!`.

## How to fix
Decide before the move what to do with these users: let them reset their password, which requires an e-mail address,
move them to the connection that they actually use, or leave them behind.""",
    ),
    _own(
        name="unknown-password-format",
        group=Group.MIGRATION,
        severity=Severity.ERROR,
        fate=Fate.NO_PASSWORD,
        docstring="""\
A user's stored password is in no known format.

## Why this matters
Scripts that don't know a format can't check the password, so this user can't log in. Stores accumulate formats over
the years: users who have not logged in since a change of framework still have the old format.

## What it finds
A column `password_hash` whose text matches none of the accepted formats or more than one, or would take too much work
to check. The report lists the accepted formats and counts the users of each.

## How to fix
- Truncated hashes, such as a bcrypt hash with fewer than 60 characters, can't be repaired: these users need a new
  password.
- Declare a format that can be mistaken for others, such as plain MD5, in `password_formats`. The page "Password
  formats" lists them.
- Convert other formats to one of these, or write a class that reads them.""",
    ),
)
"""In the order of the report: rules that check one profile come first."""
