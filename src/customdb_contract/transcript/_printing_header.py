"""Prints the header of a transcript in the one-line notation."""

from collections.abc import Collection, Iterator, Sequence

from customdb_contract.connection import CONTRACT_DATE, Connection
from customdb_contract.contract import Script
from customdb_contract.transcript._header import (
    ActionInfo,
    ElsewhereUser,
    Header,
    PasswordKnowledge,
    Person,
    ScriptInfo,
    SourceFact,
)
from customdb_contract.transcript._notation import CONNECTION_FLAGS, token
from customdb_contract.transcript._values import json_text

__all__ = ["header_lines"]


def header_lines(header: Header, called: Collection[Script]) -> Iterator[str]:
    """Yield the lines of a header.

    Args:
        header: The header.
        called: The scripts that were called; only others need a line.
    """
    if header.contract_date != CONTRACT_DATE:
        yield f"contract {token(header.contract_date)}"
    settings = list(_connection_settings(header.connection))
    if settings:
        yield " ".join(["connection", *settings])
    if set(header.scripts) != set(called):
        yield " ".join(["scripts", *header.scripts])
    for script, info in header.scripts.items():
        if info != ScriptInfo():
            yield " ".join(["script", script, *_script_settings(info)])
        yield from _facts(script, info.source or ())
    if header.action is not None:
        yield " ".join(["action", token(header.action.name), *_action_settings(header.action)])
        yield from _facts("action", header.action.source or ())
    for person in header.people:
        yield " ".join(["person", token(person.label), *_person_settings(person)])
    for path in header.ignore_fields:
        yield f"ignore {token(path)}"
    if header.stop_reason:
        yield f"stopped {header.stop_reason.kind} {json_text(header.stop_reason.message)}"
    yield from (f"left {token(identifier)}" for identifier in header.left_behind)
    yield from (f"elsewhere {_elsewhere(user)}" for user in header.elsewhere)


def _elsewhere(user: ElsewhereUser) -> str:
    named = " ".join(token(text) for text in (user.connection, user.label, user.user_id))
    return named if user.email is None else f"{named} email={token(user.email)}"


def _facts(what: str, facts: Sequence[SourceFact]) -> Iterator[str]:
    for fact in facts:
        yield f"source {what} {fact.kind} {json_text(fact.text)} at {json_text(fact.location)}"


def _action_settings(info: ActionInfo) -> Iterator[str]:
    if info.handlers != ActionInfo(name=info.name).handlers:
        yield f"handlers={','.join(info.handlers) or 'none'}"
    if info.problem is not None:
        yield f"problem={json_text(info.problem)}"
    if info.location is not None:
        yield f"location={json_text(info.location)}"
    if info.source == ():
        yield "source=on"
    if info.observed:
        yield "observed=on"
    if info.metadata_required:
        yield "metadata_required=on"
    yield from (f"restores={token(path)}" for path in info.restores)


def _connection_settings(connection: Connection) -> Iterator[str]:
    if connection.name != Connection().name:
        yield f"name={token(connection.name)}"
    yield from (f"{name}=on" for name in CONNECTION_FLAGS if getattr(connection, name))
    if connection.features:
        yield f"features={','.join(connection.features)}"


def _script_settings(info: ScriptInfo) -> Iterator[str]:
    if info.signature:
        yield f"signature={json_text(info.signature)}"
    if info.problem is not None:
        yield f"problem={json_text(info.problem)}"
    if info.location is not None:
        yield f"location={json_text(info.location)}"
    if info.source == ():
        yield "source=on"
    if info.observed:
        yield "observed=on"


def _person_settings(person: Person) -> Iterator[str]:
    if person.email is not None:
        yield f"email={token(person.email)}"
    if person.username is not None:
        yield f"username={token(person.username)}"
    if person.phone_number is not None:
        yield f"phone_number={token(person.phone_number)}"
    if person.organization is not None:
        yield f"organization={token(person.organization)}"
    yield from (f"alias={token(alias)}" for alias in person.aliases)
    if person.password is not PasswordKnowledge.KNOWN:
        yield f"password={person.password}"
    if person.disabled:
        yield "disabled=on"
    if person.new:
        yield "new=on"
    if person.profile:
        yield f"profile={json_text(person.profile)}"
