"""Post-login Actions: their event, their `api`, what the calls of `api` amount to, and one ready-made Action."""

from customdb_contract.actions._action import PostLoginAction, ResumingAction
from customdb_contract.actions._api import PostLoginApi
from customdb_contract.actions._cache import ActionCache, CacheRecord, CacheWriteResult
from customdb_contract.actions._calls import SeenCall
from customdb_contract.actions._effects import Denial, Effects, Notice, NoticeKind, effects_of
from customdb_contract.actions._event import PostLoginEvent
from customdb_contract.actions._event_log_in import (
    EventAssessment,
    EventAssessments,
    EventAuthentication,
    EventDevice,
    EventGeoIP,
    EventMethod,
    EventParentRefreshToken,
    EventPrompt,
    EventRefreshToken,
    EventRequest,
    EventRiskAssessment,
    EventSecurityContext,
    EventSession,
    EventSessionCookie,
    EventSessionTransfer,
    EventSessionTransferToken,
    EventTransaction,
)
from customdb_contract.actions._event_user import (
    EventAgent,
    EventAuthorization,
    EventClient,
    EventClientRefreshToken,
    EventConnection,
    EventCustomDomain,
    EventEnrolledFactor,
    EventIdentity,
    EventOrganization,
    EventRefreshTokenPolicy,
    EventResourceServer,
    EventStats,
    EventTenant,
    EventUser,
)
from customdb_contract.actions._legacy_api import ask_legacy_api
from customdb_contract.actions._limits import METADATA_MAX_BYTES
from customdb_contract.actions._parts import EventPart
from customdb_contract.actions._persisting import LookUp, persist_legacy_metadata
from customdb_contract.actions._restoring import JsonType, UnusableAnswerError

__all__ = [
    "METADATA_MAX_BYTES",
    "ActionCache",
    "CacheRecord",
    "CacheWriteResult",
    "Denial",
    "Effects",
    "EventAgent",
    "EventAssessment",
    "EventAssessments",
    "EventAuthentication",
    "EventAuthorization",
    "EventClient",
    "EventClientRefreshToken",
    "EventConnection",
    "EventCustomDomain",
    "EventDevice",
    "EventEnrolledFactor",
    "EventGeoIP",
    "EventIdentity",
    "EventMethod",
    "EventOrganization",
    "EventParentRefreshToken",
    "EventPart",
    "EventPrompt",
    "EventRefreshToken",
    "EventRefreshTokenPolicy",
    "EventRequest",
    "EventResourceServer",
    "EventRiskAssessment",
    "EventSecurityContext",
    "EventSession",
    "EventSessionCookie",
    "EventSessionTransfer",
    "EventSessionTransferToken",
    "EventStats",
    "EventTenant",
    "EventTransaction",
    "EventUser",
    "JsonType",
    "LookUp",
    "Notice",
    "NoticeKind",
    "PostLoginAction",
    "PostLoginApi",
    "PostLoginEvent",
    "ResumingAction",
    "SeenCall",
    "UnusableAnswerError",
    "ask_legacy_api",
    "effects_of",
    "persist_legacy_metadata",
]
