"""The subject of a check as text: the connection, its users, and problems of the check."""

from typing import Final

from customdb_contract.findings._report import Report
from customdb_contract.findings.text._style import Style, counted, shown
from customdb_contract.transcript import (
    LATER_REQUESTS,
    ActionRun,
    Ending,
    Mark,
    Noticed,
    Situation,
    Transcript,
    observed_runs,
    what_is_lacking,
)

__all__ = ["about"]

_MOST_USERS: Final = 20


def about(report: Report, style: Style) -> str:
    """Return the subject of a check, and what readers must know about the check itself.

    Args:
        report: The report.
        style: The style of the text.
    """
    transcript = report.transcript
    connection = transcript.connection
    mode = "import mode on" if connection.import_mode else "import mode off (legacy)"
    names = [shown((*person.identifiers, person.label)[0]) for person in transcript.people]
    more = f" and {len(names) - _MOST_USERS:,} more" if len(names) > _MOST_USERS else ""
    contract = f"contract of {shown(transcript.header.contract_date)}"
    lines = [*style.wrapped(f"Connection {shown(connection.name)}, {mode}; {contract}", indent="")]
    action = transcript.header.action
    if transcript.header.scripts or transcript.exchanges or action is None:
        users = ", ".join(names[:_MOST_USERS]) or "none"
        lines += style.wrapped(f"{counted(len(transcript.exchanges), 'call')}; known users: {users}{more}", indent="")
    if action is not None:
        lines.append(f"{counted(len(observed_runs(transcript)), 'run')} of the Action {shown(action.name)}")
    stop = transcript.header.stop_reason
    if stop:
        lines += ["", *style.wrapped(f"The check ended early ({stop.kind}): {shown(stop.message)}", indent="")]
    left = transcript.header.left_behind
    if left:
        named = f"The check could not remove these users, which may still be in the store: {', '.join(left)}"
        lines += ["", *style.wrapped(named, indent="")]
    for sentence in what_is_lacking(transcript.exchanges):
        if not (stop and sentence in stop.message):
            lines += ["", *style.wrapped(sentence, indent="")]
    lines += [*_missing_secrets(transcript, style), *_unmet_outages(transcript, style)]
    unstable = sum(
        1 for exchange in transcript.exchanges if exchange.marks - {Mark.OUTAGE_NOT_MET, Mark.EXHAUSTED_STORE}
    )
    if unstable:
        why = "the store gave two results for the same call, or locked the user out"
        lines += style.wrapped(f"{counted(unstable, 'call')} could not be judged: {why}", indent="")
    return "\n".join(lines)


def _missing_secrets(transcript: Transcript, style: Style) -> list[str]:
    seen = (noticed for run in transcript.of_kind(ActionRun) for noticed in run.outcome.observations)
    missing = dict.fromkeys(noticed.text for noticed in seen if noticed.kind is Noticed.MISSING_SECRET)
    if not missing:
        return []
    named = ", ".join(f"event.secrets.{shown(name)}" for name in missing)
    sentence = f"The Action reads missing secrets: {named}. Add them to the secrets of the check."
    return ["", *style.wrapped(sentence, indent="")]


def _unmet_outages(transcript: Transcript, style: Style) -> list[str]:
    marked = [exchange for exchange in transcript.exchanges if Mark.OUTAGE_NOT_MET in exchange.marks]
    unmet = [exchange for exchange in marked if exchange.situation not in LATER_REQUESTS]
    # A call that failed anyway could not reach the real store.
    passed = [exchange for exchange in marked if exchange.situation in LATER_REQUESTS]
    single = [exchange for exchange in passed if exchange.ending is Ending.FOUND]
    lines: list[str] = []
    if single:
        which = {situation: situation.partition(": ")[2].replace("-", " ") for situation in LATER_REQUESTS}
        asked = " and ".join(f"{exchange.script} sends no {which[exchange.situation]}" for exchange in single)
        lines = [
            "",
            *style.wrapped(f"{asked}, so the check could not let one fail in the middle of the call.", indent=""),
        ]
    if not unmet:
        return lines
    named = f"{counted(len(unmet), 'call')} of the outage could not be judged: "
    if all(exchange.situation is Situation.OUTAGE for exchange in unmet):
        named += "the store was reachable, because it still found a user. Configure an unreachable store in [outage]."
    else:
        silent = ", ".join(dict.fromkeys(exchange.script for exchange in unmet))
        named += (
            f"{silent} never called the fault server or proxy. Let each script that calls a store use the given "
            "address, including its path if it has one, as the address of the store."
        )
    return [*lines, "", *style.wrapped(named, indent="")]
