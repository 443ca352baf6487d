"""Judging: every rule of a catalogue over one transcript."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from attrs import evolve

from customdb_contract.contract import Script
from customdb_contract.findings import (
    Finding,
    Held,
    Need,
    Report,
    RuleInfo,
    Severity,
    Status,
    Untried,
    Verdict,
    Violation,
)
from customdb_contract.rules._rule import Rule
from customdb_contract.rules._selection import Selection
from customdb_contract.transcript import Mark, Situation, Transcript

__all__ = ["judge_by"]

_MOST_EVIDENCE: Final = 8
"""Calls that prove one finding; more of the same add nothing."""


def judge_by(catalogue: Sequence[Rule], transcript: Transcript, selection: Selection | None = None) -> Report:
    """Return the verdicts of a catalogue of rules on a transcript.

    Args:
        catalogue: The rules.
        transcript: The transcript.
        selection: The rules to judge, and how; None means all.
    """
    if selection is None:
        selection = Selection.of(catalogue)
    infos = [rule.info for rule in catalogue]

    # Ignored rules still take precedence: otherwise a more general rule would report the same breach.
    judged = {rule.info.name: _run(rule, transcript) for rule in catalogue if rule.info.name in selection.selected}
    previews = {info.name for info in infos if info.preview}
    reported = {
        name: {exchange.number for violation in run.violations for exchange in violation.evidence}
        for name, run in judged.items()
        if run.violations and run.crash is None and name not in previews
    }

    @cache
    def is_met(need: Need) -> bool:
        return need.is_met(transcript)

    def hint_of(need: Need) -> str:
        if need is not Need.OUTAGE:
            return ""
        unmet = {one.situation for one in transcript.exchanges if Mark.OUTAGE_NOT_MET in one.marks}
        if not unmet:
            return ""
        return _IN_REACH if unmet == {Situation.OUTAGE} else _NEVER_ASKED

    header = transcript.header
    is_action_alone = header.action is not None and not header.scripts and not transcript.exchanges

    verdicts: list[Verdict] = []
    judged_names = selection.judged
    for info in infos:
        if info.name not in judged_names:
            verdicts.append(Verdict(rule=info, status=Status.DESELECTED))
            continue
        taken = {number: specific for specific in info.yields_to for number in reported.get(specific, ())}
        run = judged[info.name]
        if is_action_alone and not info.judges_actions and run.crash is None:
            verdicts.append(Verdict(rule=info, status=Status.NOT_APPLICABLE, reason=_NO_DATABASE))
            continue
        verdict = _verdict(info, run, is_met, hint_of, reason=selection.waived.get(info.name), taken=taken)
        verdicts.append(_of_scripts(verdict, selection.scripts) if selection.scripts else verdict)
    return Report(
        transcript=transcript,
        verdicts=tuple(verdicts),
        fail_on=selection.fail_on,
        require=selection.require,
    )


_NO_DATABASE: Final = "needs a check of a database, but only an Action was checked"
_IN_REACH: Final = " with an unreachable store; a script still found a user"
_NEVER_ASKED: Final = " in which the scripts query the fault server or proxy; they never did"


class _Run:
    """The comparisons that one rule yielded."""

    def __init__(self) -> None:
        self.held = 0
        self.violations: list[Violation] = []
        self.untried: list[str] = []
        self.crash: str | None = None


def _run(rule: Rule, transcript: Transcript) -> _Run:
    run = _Run()
    try:
        for comparison in rule.judge(transcript):
            if isinstance(comparison, Held):
                run.held += 1
            elif isinstance(comparison, Untried):
                run.untried.append(comparison.reason)
            else:
                run.violations.append(comparison)
    except Exception as error:  # noqa: BLE001 - a crash of a rule is a verdict, and the others still run
        run.crash = f"{type(error).__name__}: {error}"
    return run


def _verdict(
    info: RuleInfo,
    run: "_Run",
    is_met: Callable[[Need], bool],
    hint_of: Callable[[Need], str],
    *,
    reason: str | None,
    taken: Mapping[int, str],
) -> Verdict:
    if run.crash is not None:
        return Verdict(rule=info, status=Status.CRASHED, reason=run.crash)
    findings = tuple(_findings(info, run.violations, taken))
    if findings:
        status = Status.FAILED if reason is None else Status.WAIVED
        return Verdict(rule=info, status=status, findings=findings, held=run.held, reason=reason)
    if run.violations:
        evidence = [exchange.number for violation in run.violations for exchange in violation.evidence]
        specific = dict.fromkeys(taken[number] for number in evidence if number in taken)
        why = f"reported by {', '.join(specific)}"
        return Verdict(rule=info, status=Status.NOT_APPLICABLE, held=run.held, reason=why)
    if run.untried:
        return Verdict(
            rule=info, status=Status.NOT_APPLICABLE, held=run.held, reason="; ".join(dict.fromkeys(run.untried))
        )
    if not run.held:
        missing = tuple(need for need in info.needs if not is_met(need))
        wanted = ", ".join(f"{need.advice}{hint_of(need)}" for need in missing)
        why = f"needs {wanted}" if wanted else "the check recorded nothing that this rule judges"
        return Verdict(rule=info, status=Status.NOT_APPLICABLE, reason=why, missing=missing)
    if reason is not None:
        message = f"the waiver of {info.name} is out of date: the rule passes now; remove the waiver ({reason})"
        return Verdict(
            rule=info,
            status=Status.FAILED,
            findings=(Finding(message, Severity.ERROR, None, ()),),
            held=run.held,
            reason=reason,
        )
    return Verdict(rule=info, status=Status.PASSED, held=run.held)


def _of_scripts(verdict: Verdict, scripts: Collection[Script]) -> Verdict:
    """Return a verdict without the findings about other scripts."""
    findings = tuple(one for one in verdict.findings if one.script is None or one.script in scripts)
    if findings or not verdict.findings:
        return evolve(verdict, findings=findings)
    others = ", ".join(dict.fromkeys(str(finding.script) for finding in verdict.findings))
    reason = f"only {others} broke it, which is not judged"
    return evolve(verdict, status=Status.NOT_APPLICABLE, findings=(), reason=reason)


def _findings(info: RuleInfo, violations: Iterable[Violation], taken: Mapping[int, str]) -> Iterator[Finding]:
    """Yield the findings: breaches that differ only in their values become one, with the evidence of all."""
    merged: dict[tuple[object, ...], tuple[Violation, dict[int, None]]] = {}
    for violation in violations:
        evidence = [exchange.number for exchange in violation.evidence]
        if not any(number in taken for number in evidence):
            key = (violation.message, violation.path, violation.severity, violation.blamed, violation.location)
            merged.setdefault(key, (violation, {}))[1].update(dict.fromkeys(evidence))
    for first, numbers in merged.values():
        yield Finding(
            message=first.told,
            severity=first.severity or info.severity,
            script=first.blamed,
            evidence=tuple(sorted(tuple(numbers)[:_MOST_EVIDENCE])),
            location=first.location,
            path=first.path,
            expected=first.expected,
            got=first.got,
        )
