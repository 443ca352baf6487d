"""The description of a rule: its group, the severity of its findings, its requirements."""

import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from functools import cached_property

from attrs import frozen

from customdb_contract._pages import rule_page
from customdb_contract.contract import Script
from customdb_contract.severity import Severity
from customdb_contract.transcript import (
    ActionInfo,
    ActionRun,
    LegacyRequest,
    Noticed,
    Operation,
    PasswordKnowledge,
    ScriptInfo,
    Situation,
    Transcript,
)

__all__ = ["Group", "Need", "RuleInfo"]


class Group(StrEnum):
    """The groups of rules, which `--select` and `--ignore` also take."""

    CALLBACK = "callback"
    OUTCOME = "outcome"
    PROFILE = "profile"
    CONSISTENCY = "consistency"
    MIGRATION = "migration"
    SECURITY = "security"
    ACTION = "action"


class Need(StrEnum):
    """A requirement of a rule, without which it can't judge anything; the value is its name in texts."""

    LOGIN = "a login script"
    GET_USER = "a get_user script"
    PASSWORD = "a password"
    LONG_PASSWORD = "a user with a password over 72 bytes"
    SEARCHABLE_SECRET = "a password of six or more characters"
    WRONG_PASSWORD = "more users with a password"
    SECOND_USER = "a second user"
    USERNAME = "a username"
    EXPECTED_PROFILE = "the expected profile of a user"
    UNVERIFIED_USER = "a user whose profile has email_verified = false"
    DISABLED_USER = "a disabled user"
    UNKNOWN_USER = "calls for an unknown user"
    OUTAGE = "[outage]"
    HOSTILE = "hostile = true"
    IMPORT_MODE = "import mode on"
    LEGACY_MODE = "import mode off"
    REQUIRES_USERNAME = "requires_username on"
    SCRIPT_CONTEXT = "script_context on"
    JAVASCRIPT = "scripts in JavaScript"
    SOURCE = "scripts in JavaScript, and the parser of customdb-contract[node]"
    CONNECTIONS = "scripts that connect to a store"
    REQUESTS = "scripts in JavaScript that send requests"
    CREATE = "a create script"
    VERIFY = "a verify script"
    CHANGE_PASSWORD = "a change_password script"
    CHANGE_EMAIL = "a change_email script"
    DELETE = "a delete script"
    WRITES = "writes = true"
    SECOND_OPENING = "a function that opens the same store again, for two writes at the same time"
    INSPECT = "inspect, a function that reads the store"
    FINAL_DELETION = "deletion_is_final on"
    LIFE = "rehearse = true"
    ACTION = "a check of an Action"
    ASKING_ACTION = "an Action that queries the legacy system"

    @property
    def advice(self) -> str:
        """The name of the requirement in texts."""
        return self.value

    def can_be_given(self, transcript: Transcript) -> bool:
        """Tell whether a team can add it to a check, unlike a mode of the connection.

        Args:
            transcript: The transcript of the check.
        """
        if self is Need.SOURCE:
            return Need.JAVASCRIPT.is_met(transcript)
        return self not in _NOT_TO_BE_GIVEN

    def is_met(self, transcript: Transcript) -> bool:
        """Tell whether a transcript meets the requirement.

        Args:
            transcript: The transcript.
        """
        return _IS_MET[self](transcript)


_NOT_TO_BE_GIVEN: Collection[Need] = frozenset(
    {
        Need.IMPORT_MODE,
        Need.LEGACY_MODE,
        Need.REQUIRES_USERNAME,
        Need.UNKNOWN_USER,
        Need.SCRIPT_CONTEXT,
        Need.FINAL_DELETION,
        Need.JAVASCRIPT,
        Need.CONNECTIONS,
        Need.REQUESTS,
        Need.CREATE,
        Need.VERIFY,
        Need.CHANGE_PASSWORD,
        Need.CHANGE_EMAIL,
        Need.DELETE,
        Need.ACTION,
        Need.ASKING_ACTION,
    }
)


def _infos(transcript: Transcript) -> Sequence[ScriptInfo | ActionInfo]:
    """Return the descriptions of the scripts and the Action."""
    action = transcript.header.action
    return (*transcript.header.scripts.values(), *(() if action is None else (action,)))


_IS_MET: Mapping[Need, Callable[[Transcript], bool]] = {
    Need.LOGIN: lambda t: bool(t.select(Script.LOGIN)),
    Need.GET_USER: lambda t: bool(t.select(Script.GET_USER)),
    Need.PASSWORD: lambda t: bool(t.select(Script.LOGIN, "known-user", "repeated")),
    Need.LONG_PASSWORD: lambda t: bool(t.select(Script.LOGIN, Situation.CUT_PASSWORD)),
    Need.SEARCHABLE_SECRET: lambda t: any(person.password is PasswordKnowledge.KNOWN for person in t.people),
    Need.WRONG_PASSWORD: lambda t: bool(t.select(Script.LOGIN, "wrong-password")),
    Need.SECOND_USER: lambda t: len(t.people) > 1,
    Need.USERNAME: lambda t: any(person.username for person in t.people),
    Need.EXPECTED_PROFILE: lambda t: any(person.profile for person in t.people),
    Need.UNVERIFIED_USER: lambda t: any(person.profile.get("email_verified") is False for person in t.people),
    Need.DISABLED_USER: lambda t: any(person.disabled for person in t.people),
    Need.UNKNOWN_USER: lambda t: bool(t.select(None, "unknown-user")),
    Need.OUTAGE: lambda t: bool(t.select(None, "outage")),
    # An Action is always called with odd identifiers, and a check of an Action alone can't turn that off.
    Need.HOSTILE: lambda t: bool(t.select(None, "hostile")) or (t.header.action is not None and not t.header.scripts),
    Need.IMPORT_MODE: lambda t: t.connection.import_mode,
    Need.LEGACY_MODE: lambda t: not t.connection.import_mode,
    Need.REQUIRES_USERNAME: lambda t: t.connection.requires_username,
    Need.SCRIPT_CONTEXT: lambda t: t.connection.script_context,
    Need.JAVASCRIPT: lambda t: any(info.observed for info in _infos(t)),
    Need.SOURCE: lambda t: any(
        info.source is not None and (info.observed or isinstance(info, ScriptInfo)) for info in _infos(t)
    ),
    Need.REQUESTS: lambda t: any(e.outcome.noticed(Noticed.REQUEST) for e in t.judged),
    Need.CREATE: lambda t: Script.CREATE in t.header.scripts,
    Need.VERIFY: lambda t: Script.VERIFY in t.header.scripts,
    Need.CHANGE_PASSWORD: lambda t: Script.CHANGE_PASSWORD in t.header.scripts,
    Need.CHANGE_EMAIL: lambda t: Script.CHANGE_EMAIL in t.header.scripts,
    Need.DELETE: lambda t: Script.DELETE in t.header.scripts,
    Need.WRITES: lambda t: bool(t.select(None, "writing")),
    Need.SECOND_OPENING: lambda t: bool(t.select(None, Situation.AT_ONCE)),
    Need.INSPECT: lambda t: any(e.outcome.noticed(Noticed.INSPECTED) for e in t.judged),
    Need.FINAL_DELETION: lambda t: t.connection.deletion_is_final,
    Need.LIFE: lambda t: bool(t.of_kind(Operation)),
    Need.ACTION: lambda t: bool(t.of_kind(ActionRun)),
    Need.ASKING_ACTION: lambda t: bool(t.of_kind(LegacyRequest)),
    Need.CONNECTIONS: lambda t: any(e.outcome.noticed(Noticed.OPEN_SOCKETS) for e in t.judged),
}


_CODE = re.compile(r"^```.*?^```\s*", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)


@frozen(kw_only=True, slots=False)
class RuleInfo:
    """The description of a rule.

    Args:
        name: The name in kebab case. It names the breach, so `--ignore unstable-user-id` reads as a sentence.
        group: The rule's group.
        severity: The highest possible severity of its findings.
        scripts: The scripts that it judges.
        needs: Its requirements, without which it can't judge anything.
        yields_to: More specific rules: this rule does not report an exchange that one of them reports.
        since: The first version that has the rule, such as `0.1.0`.
        source: A page of Auth0's documentation, or "good practice" and the reason.
        preview: Whether it is new: its findings are reported but never fail a check.
        docstring: The rule's page, in Markdown.
        judges_actions: Whether it judges Actions, alone or beside scripts.
    """

    name: str
    group: Group
    severity: Severity
    scripts: tuple[Script, ...]
    needs: tuple[Need, ...]
    yields_to: tuple[str, ...]
    since: str
    source: str
    preview: bool
    docstring: str
    judges_actions: bool = False

    @property
    def looks_at(self) -> tuple[str, ...]:
        """What it judges: scripts, the Action, or both."""
        return (*self.scripts, *(("the Action",) if self.judges_actions else ()))

    @property
    def docs(self) -> str:
        """The page of the rule, below the root of the documentation."""
        return rule_page(self.name)

    @cached_property
    def summary(self) -> str:
        """The breach that the rule finds, in one sentence."""
        return self.docstring.partition("\n\n")[0].replace("\n", " ")

    @cached_property
    def sections(self) -> Mapping[str, str]:
        """The sections of the page, by title: `Why this matters`, `Violates`, `Conforms`, `How to fix`."""
        _, *parts = _SECTION.split(self.docstring)
        return {
            title: inspect.cleandoc(f"\n{text}").strip("\n")
            for title, text in zip(parts[::2], parts[1::2], strict=True)
        }

    @cached_property
    def fix(self) -> str:
        """The fix, in a few sentences without code; empty if the page is missing."""
        return " ".join(_CODE.sub("", self.sections.get("How to fix", "")).split())
