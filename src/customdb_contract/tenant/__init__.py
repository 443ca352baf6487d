"""The simulated Auth0 tenant: it calls the scripts in Auth0's order, and keeps Auth0's user store and tenant log."""

from customdb_contract.tenant._interruptions import InterruptionPoint, Interruptions, interrupt_randomly
from customdb_contract.tenant._knobs import Knobs, NullLogin, ReloginMetadata, RootAttributes
from customdb_contract.tenant._log import LogCode, LogEntry
from customdb_contract.tenant._open import Calls, OpenDatabase
from customdb_contract.tenant._outcomes import Mail, MailKind, OperationKind, OperationOutcome, Refusal, ResetTicket
from customdb_contract.tenant._tenant import Tenant
from customdb_contract.tenant._users import PREFIX, Identity, InternalUser, Pending, User

__all__ = [
    "PREFIX",
    "Calls",
    "Identity",
    "InternalUser",
    "InterruptionPoint",
    "Interruptions",
    "Knobs",
    "LogCode",
    "LogEntry",
    "Mail",
    "MailKind",
    "NullLogin",
    "OpenDatabase",
    "OperationKind",
    "OperationOutcome",
    "Pending",
    "Refusal",
    "ReloginMetadata",
    "ResetTicket",
    "RootAttributes",
    "Tenant",
    "User",
    "interrupt_randomly",
]
