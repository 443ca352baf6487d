"""Custom databases over a legacy HTTP API, including Stormpath's dialect. They require the extra `http`."""

from importlib.util import find_spec

from customdb_contract.errors import ConfigurationError

if find_spec("httpx") is None:
    _MESSAGE = "databases over HTTP need httpx, which is not installed: pip install 'customdb-contract[http]'"
    raise ConfigurationError(_MESSAGE)

from customdb_contract.databases.http._access import BasicCredentials, BearerToken
from customdb_contract.databases.http._database import AsyncHttpDatabase, HttpDatabase
from customdb_contract.databases.http._endpoints import Endpoint, HttpEndpoints, Meaning
from customdb_contract.databases.http._stormpath import AsyncStormpathDatabase, StormpathDatabase
from customdb_contract.databases.http._users import HttpUsers

__all__ = [
    "AsyncHttpDatabase",
    "AsyncStormpathDatabase",
    "BasicCredentials",
    "BearerToken",
    "Endpoint",
    "HttpDatabase",
    "HttpEndpoints",
    "HttpUsers",
    "Meaning",
    "StormpathDatabase",
]
