"""Why a check ends before everything was checked."""

from customdb_contract.transcript import StopReason

__all__ = ["StoppedEarly"]


class StoppedEarly(Exception):  # noqa: N818 - it is no error but the end of a check
    """The check cannot or must not go on; the reason is in the transcript.

    Args:
        reason: Why.
    """

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason.message)
        self.reason = reason
