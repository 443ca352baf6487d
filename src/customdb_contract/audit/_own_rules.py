"""The rules that only an audit has, each with its page."""

from typing import Final

from attrs import frozen

from customdb_contract._pages import rule_page
from customdb_contract.audit._findings import Fate
from customdb_contract.findings import Group, Severity

__all__ = ["OWN_RULES", "AuditedRule"]


@frozen(kw_only=True)
class AuditedRule:
    """A rule that an audit looks at.

    Args:
        name: Its name; those of rules of a check are the same rules.
        group: The group that it belongs to.
        severity: How bad its findings can be.
        summary: What is wrong with such a user, in one sentence.
        fate: What will happen to such a user.
        of_all_users: Whether it compares users, so that no profile breaks it alone.
        docstring: Its page as Markdown, for a rule that only an audit has; empty for a rule of a check, which has it.
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
        """The page of the rule, below the root of the documentation."""
        return rule_page(self.name)


OWN_RULES: Final = (
    AuditedRule(
        name="unreadable-row",
        group=Group.PROFILE,
        severity=Severity.ERROR,
        summary="A row of the store could not be read as a profile.",
        fate=Fate.UNKNOWN,
        docstring="""\
A row of the store could not be read as a profile.

## Why this matters
Nothing is known about this user: no other rule looked at the row. A line of a CSV file that ends in the middle of a
quoted value even hides the lines that follow.

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
    AuditedRule(
        name="unreachable-user",
        group=Group.PROFILE,
        severity=Severity.ERROR,
        summary="A user has no e-mail, no username and no phone number.",
        fate=Fate.UNREACHABLE,
        docstring="""\
A user has no e-mail, no username and no phone number.

## Why this matters
There is nothing that this user could type into the log-in form, and no address to which Auth0 could send a link to set
a new password. Such rows are often accounts that were deleted only in part, or that belong to a service.

## How to fix
Find out whether anybody still uses these accounts. If nobody does, exclude them from the query of the audit and from
your scripts; otherwise add an identifier to the store.""",
    ),
    AuditedRule(
        name="missing-password",
        group=Group.MIGRATION,
        severity=Severity.WARNING,
        summary="A user has no password in the store.",
        fate=Fate.NO_PASSWORD,
        docstring="""\
A user has no password in the store.

## Why this matters
`login` has nothing to compare the password with, so this user can't log in and is never migrated. That is as it should
be for users of a social or an enterprise connection. For all others, it is a log-in that never works.

## What it finds
A column `password_hash` that is NULL or empty, or contains what systems store for "no password": `*`, `*0`, `*1`, or a
text that begins with `!`.

## How to fix
Decide what becomes of these users before the move: let them reset their password, which needs an e-mail address, move
them to the connection that they really use, or leave them behind.""",
    ),
    AuditedRule(
        name="unknown-password-format",
        group=Group.MIGRATION,
        severity=Severity.ERROR,
        summary="What a user has for a password is in no format that is known.",
        fate=Fate.NO_PASSWORD,
        docstring="""\
What a user has for a password is in no format that is known.

## Why this matters
Scripts that don't know a format can't check the password, so this user can't log in. Stores collect formats over the
years: each change of the framework leaves some users behind who have not logged in since.

## What it finds
A column `password_hash` whose text none of the accepted formats reads, or more than one, or whose check would take
too much work. The report lists the accepted formats and counts the users of each.

## How to fix
- Hashes that were cut, such as a bcrypt hash with less than 60 characters, can't be repaired: these users need a new
  password.
- Declare a format that can be mistaken for others, such as plain MD5, in `password_formats`. The page "Password
  formats" lists them.
- Convert another format to one of these, or write a class that reads it.""",
    ),
)
"""In the order of the report: those of one profile first."""
