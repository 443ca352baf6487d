"""The tables of a configuration file, and what they can contain."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from customdb_contract.bridges.opening import DEFAULT_TIMEOUT
from customdb_contract.connection import Connection, NewUser
from customdb_contract.probes import DEFAULT_MAX_TIME, DEFAULT_WRONG_PASSWORDS, MAX_SECONDS

__all__ = [
    "ActionTable",
    "AuditTable",
    "CheckTable",
    "ConnectionTable",
    "DatabaseTable",
    "File",
    "FromEnvironment",
    "InspectTable",
    "LegacyTable",
    "NewUserTable",
    "ResponseTable",
    "Setting",
    "Text",
    "UserTable",
]


class Table(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)


class FromEnvironment(Table):
    """A string from the environment: the variable with that name must be set."""

    env: str


Text: TypeAlias = str | FromEnvironment
Setting: TypeAlias = str | bool | int | float | FromEnvironment


class ConnectionTable(Table):
    name: str = Connection().name
    import_mode: bool = False
    requires_username: bool = False
    script_context: bool = False
    features: list[Literal["signup", "reset", "verify", "change_email", "delete"]] = []
    deletion_is_final: bool = False


class DatabaseTable(Table):
    python: str | None = None
    scripts: str | None = None
    configuration: dict[str, Setting] = {}
    keywords: dict[str, Setting] = {}
    node_modules: str | None = None
    hosts: dict[str, str] = {}
    doubles: dict[str, str] = {}
    environment: list[str] = []
    node: str | None = None


class ResponseTable(Table):
    status: Annotated[int, Field(ge=200, le=599)] = 200
    body: Any = None


class LegacyTable(Table):
    found: ResponseTable | None = None
    not_found: ResponseTable | None = None
    empty: ResponseTable | None = None
    paths: dict[str, ResponseTable] = {}


class ActionTable(Table):
    code: str | None = None
    python: str | None = None
    secrets: dict[str, Text] = {}
    node_modules: str | None = None
    environment: list[str] = []
    node: str | None = None
    metadata_required: bool = False
    restores: list[str] = []
    legacy: LegacyTable | None = None


class UserTable(Table):
    email: str | None = None
    username: str | None = None
    phone_number: str | None = None
    organization: str | None = None
    password: Text | None = None
    aliases: list[str] = []
    disabled: bool = False
    profile: dict[str, Any] = {}


class NewUserTable(Table):
    email: str = NewUser().email
    username: str = NewUser().username
    password: Text | None = None
    phone_number: str | None = None
    user_metadata: dict[str, Any] = {}
    app_metadata: dict[str, Any] = {}
    organization: str | None = None
    fields: dict[str, Any] = {}


_Seconds: TypeAlias = Annotated[float, Field(gt=0, le=MAX_SECONDS, allow_inf_nan=False)]


class InspectTable(Table):
    sql: str | None = None
    url: Text | None = None
    command: list[str] | None = None
    python: str | None = None


def _by_reference(given: object) -> object:
    """Accept a string in place of the function that it names."""
    return {"python": given} if isinstance(given, str) else given


_ByReference: Final = BeforeValidator(_by_reference, json_schema_input_type=str | InspectTable)


class CheckTable(Table):
    waived: dict[str, str] = {}
    require: list[str] = []
    ignore_fields: list[str] = []
    fail_on: Literal["error", "warning"] = "error"
    timeout: _Seconds = DEFAULT_TIMEOUT
    max_time: _Seconds = DEFAULT_MAX_TIME
    writes: bool = False
    hostile: bool = True
    wrong_passwords: Annotated[int, Field(ge=0)] = DEFAULT_WRONG_PASSWORDS
    settle: Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)] = 0.0
    rehearse: bool = True
    inspect: Annotated[InspectTable | None, _ByReference] = None


class AuditTable(Table):
    source: Text | None = None
    table: str | None = None
    query: str | None = None
    user_id: str
    email: str | None = None
    email_verified: str | None = None
    username: str | None = None
    phone_number: str | None = None
    phone_verified: str | None = None
    name: str | None = None
    nickname: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    picture: str | None = None
    blocked: str | None = None
    user_metadata: str | dict[str, str] | None = None
    app_metadata: str | dict[str, str] | None = None
    mfa_factors: str | None = None
    others: dict[str, str] = {}
    password_hash: str | None = None
    password_salt: str | None = None
    password_formats: list[str] = []
    python: str | None = None
    environment: list[str] = []
    memory: str | None = None


class File(Table):
    connection: ConnectionTable = Field(default_factory=ConnectionTable)
    database: DatabaseTable = Field(default_factory=DatabaseTable)
    outage: DatabaseTable | None = None
    action: ActionTable | None = None
    users: list[UserTable] = []
    new_user: NewUserTable = Field(default_factory=NewUserTable)
    check: CheckTable = Field(default_factory=CheckTable)
    audit: AuditTable | None = None


TABLES: Final[Mapping[str, type[BaseModel]]] = {
    "": File,
    "connection": ConnectionTable,
    "database": DatabaseTable,
    "outage": DatabaseTable,
    "action": ActionTable,
    "action.legacy": LegacyTable,
    "action.legacy.found": ResponseTable,
    "action.legacy.not_found": ResponseTable,
    "action.legacy.empty": ResponseTable,
    "action.legacy.paths": ResponseTable,
    "users": UserTable,
    "new_user": NewUserTable,
    "check": CheckTable,
    "check.inspect": InspectTable,
    "audit": AuditTable,
}
"""The tables by their names; the first one is the file itself."""
