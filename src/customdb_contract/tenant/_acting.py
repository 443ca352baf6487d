"""What the Actions of a tenant do with a log-in that has succeeded."""

from typing import Final

from attrs import evolve

from customdb_contract.actions import Effects, NoticeKind
from customdb_contract.bridges.flow import Flow, FlowEnding
from customdb_contract.tenant._events import event_of
from customdb_contract.tenant._log import LogCode
from customdb_contract.tenant._metadata import patched
from customdb_contract.tenant._outcomes import Admission, Refusal
from customdb_contract.tenant._run import Run
from customdb_contract.tenant._users import User

__all__ = ["admission_of"]

_DENIED: Final = "access_denied"
_LEFT: Final = "interaction_required"


def admission_of(run: Run, user: User, *, failed: LogCode = LogCode.FAILED_LOGIN) -> Admission:
    """Run the Actions, store what they write, and decide whether the user is logged in.

    Sources: <https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger>, and
    for the error that the user sees, the support article "Troubleshooting the access_denied Error". It is inferred that
    a failed flow writes nothing, and that there is a warning for what Auth0 does not store.

    Args:
        run: The operation.
        user: The user's record.
        failed: The log code of a denied log-in.
    """
    if not run.has_actions:
        return Admission(user)
    flow = run.act(event_of(user, run.operation, at=run.now))
    written = _written(run, user, flow.effects)
    refusal = _refusal(flow)
    if flow.ending is FlowEnding.FAILED:
        run.log(LogCode.ACTION_FAILED, flow.problem, user_id=user.user_id, is_documented=True)
    if refusal is not None and flow.ending is not FlowEnding.LEFT:
        run.log(failed, refusal.description, user_id=user.user_id)
    return Admission(written, refusal)


def _written(run: Run, user: User, effects: Effects) -> User:
    """Do the single write of a flow, if there is a record to write to."""
    for notice in effects.notices:
        if notice.kind is NoticeKind.REFUSED:
            run.log(LogCode.LOGIN_WARNING, notice.text, user_id=user.user_id)
    if not effects.writes or run.user(user.user_id) is None:
        return user
    return run.keep(
        evolve(
            user,
            user_metadata=patched(user.user_metadata, effects.user_metadata),
            app_metadata=patched(user.app_metadata, effects.app_metadata),
        )
    )


def _refusal(flow: Flow) -> Refusal | None:
    denial = flow.effects.denial
    match flow.ending:
        case FlowEnding.COMPLETED:
            return None
        case FlowEnding.FAILED:
            return Refusal(_DENIED, flow.problem, is_documented=True)
        case FlowEnding.DENIED if denial is not None:
            return Refusal(denial.code or _DENIED, denial.reason, is_documented=True)
        case _:
            return Refusal(_LEFT, "an Action sends the user elsewhere, and the log-in is not resumed")
