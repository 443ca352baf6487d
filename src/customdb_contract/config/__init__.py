"""`customdb.toml`, or the table `[tool.customdb-contract]` of a pyproject.toml."""

from customdb_contract.config._configuration import Configuration, load_config, of_options
from customdb_contract.config._reading import CONFIG_FILE, find_config
from customdb_contract.config._schema import configuration_schema
from customdb_contract.config._tenant import examine_all, load_tenant

__all__ = [
    "CONFIG_FILE",
    "Configuration",
    "configuration_schema",
    "examine_all",
    "find_config",
    "load_config",
    "load_tenant",
    "of_options",
]
