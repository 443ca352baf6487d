"""The systems with databases in Python or scripts in JavaScript, and the servers both were tested on."""

from typing import Final

from attrs import frozen

__all__ = ["SYSTEMS", "System"]

_POSTGRESQL: Final = "PostgreSQL 15"
_MARIADB: Final = "MariaDB 10.11"
_SQLITE: Final = "SQLite 3.40"
_SQL_SERVER: Final = "a double of SQL Server"
_BY_PYMSSQL: Final = f"{_SQL_SERVER}, by pymssql 2, synchronous only"
_MONGODB: Final = "a double of MongoDB"
_STORMPATH: Final = "a double of Stormpath"
_API: Final = "an API of the tests"


@frozen(kw_only=True)
class System:
    """A legacy system.

    Args:
        name: Its name.
        page: The page about it, in `docs/how-to`.
        databases: The databases in Python, in `customdb_contract.databases`.
        mapping: The code that declares their mapping, if there is ready-made code.
        suites: The contract suites that they pass, by module and class.
        python_on: The servers that the suites run on.
        template: The template of the scripts in JavaScript.
        scripts_on: The servers on which `test_database_templates` checks the scripts.
    """

    name: str
    page: str
    databases: tuple[str, ...]
    mapping: str = ""
    suites: tuple[str, ...]
    python_on: str
    template: str
    scripts_on: str


_SQL: Final = ("SqlDatabase", "AsyncSqlDatabase")

SYSTEMS: Final = (
    System(
        name="Plain JavaScript",
        page="begin-with-scripts-that-work",
        databases=("InMemoryDatabase",),
        suites=("test_databases_contract.TestInMemory",),
        python_on="no store",
        template="plain-javascript",
        scripts_on="no store",
    ),
    System(
        name="ASP.NET Universal Providers",
        page="use-sql-server-and-asp-net",
        databases=_SQL,
        mapping="AspNetUniversalProviders",
        suites=(
            "test_databases_aspnet_contract.TestUniversalProvidersOnSqlite",
            "test_databases_aspnet_contract.TestUniversalProvidersOnTheDouble",
            "test_databases_aspnet_contract.TestSqlMembershipProviderOnTheDouble",
        ),
        python_on=f"{_SQLITE}; {_BY_PYMSSQL}",
        template="asp-net-universal-providers",
        scripts_on=_SQL_SERVER,
    ),
    System(
        name="ASP.NET Simple Membership",
        page="use-sql-server-and-asp-net",
        databases=_SQL,
        mapping="AspNetSimpleMembership",
        suites=(
            "test_databases_aspnet_contract.TestSimpleMembershipOnSqlite",
            "test_databases_aspnet_contract.TestSimpleMembershipOnTheDouble",
        ),
        python_on=f"{_SQLITE}; {_BY_PYMSSQL}",
        template="asp-net-simple-membership",
        scripts_on=_SQL_SERVER,
    ),
    System(
        name="MongoDB",
        page="use-mongodb",
        databases=("MongoDatabase", "AsyncMongoDatabase"),
        suites=(
            "test_databases_contract.TestOnADoubleOfMongodb",
            "test_databases_contract.TestAsyncOnADoubleOfMongodb",
        ),
        python_on=f"{_MONGODB}, by pymongo 4",
        template="mongodb",
        scripts_on=_MONGODB,
    ),
    System(
        name="MySQL, MariaDB",
        page="use-a-sql-database",
        databases=_SQL,
        suites=("test_databases_contract.TestMariadb", "test_databases_contract.TestAsyncMariadb"),
        python_on=f"{_MARIADB}, by PyMySQL 1 and asyncmy 0.2",
        template="mysql",
        scripts_on=_MARIADB,
    ),
    System(
        name="PostgreSQL",
        page="use-a-sql-database",
        databases=_SQL,
        suites=(
            "test_databases_contract.TestPostgresql",
            "test_databases_contract.TestAsyncPostgresql",
            "test_databases_aspnet_contract.TestIdentityCoreOnPostgresql",
        ),
        python_on=f"{_POSTGRESQL}, by psycopg 3",
        template="postgresql",
        scripts_on=_POSTGRESQL,
    ),
    System(
        name="SQL Server",
        page="use-sql-server-and-asp-net",
        databases=_SQL,
        suites=(
            "test_databases_aspnet_contract.TestIdentity2OnTheDouble",
            "test_databases_aspnet_contract.TestIdentityCoreOnTheDouble",
        ),
        python_on=f"{_BY_PYMSSQL}",
        template="sql-server",
        scripts_on=_SQL_SERVER,
    ),
    System(
        name="Azure SQL Database",
        page="use-sql-server-and-asp-net",
        databases=_SQL,
        suites=(
            "test_databases_aspnet_contract.TestIdentity2OnTheDouble",
            "test_databases_aspnet_contract.TestIdentityCoreOnTheDouble",
        ),
        python_on=f"{_SQL_SERVER}, as above",
        template="azure-sql",
        scripts_on=f"{_SQL_SERVER}, with TLS and the errors of Azure",
    ),
    System(
        name="Axios: an HTTP API",
        page="use-an-http-api",
        databases=("HttpDatabase", "AsyncHttpDatabase"),
        suites=("test_databases_http_contract.TestHttp", "test_databases_http_contract.TestAsyncHttp"),
        python_on=f"{_API}, by httpx 0.28",
        template="http",
        scripts_on=_API,
    ),
    System(
        name="Stormpath",
        page="use-stormpath",
        databases=("StormpathDatabase", "AsyncStormpathDatabase"),
        suites=(
            "test_databases_http_contract.TestStormpathDouble",
            "test_databases_http_contract.TestAsyncStormpathDouble",
        ),
        python_on=f"{_STORMPATH}, by httpx 0.28",
        template="stormpath",
        scripts_on=_STORMPATH,
    ),
)
"""The systems for which Auth0 has templates: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates>."""
