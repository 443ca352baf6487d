"""The needs that the document of an Action declares: secrets, and npm modules.

Source: <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/available-resource-configuration-formats>.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import cast

from attrs import frozen

from customdb_contract.errors import ConfigurationError

__all__ = ["Declared", "declared_in"]


@frozen
class Declared:
    """The needs of an Action, according to its document.

    Args:
        document: The name of the document, for messages.
        secrets: The names of its secrets.
        dependencies: The npm modules by name, each as an argument of `npm install`.
    """

    document: str
    secrets: tuple[str, ...]
    dependencies: Mapping[str, str]

    def require(self, secrets: Collection[str], modules: Path | None) -> None:
        """Make sure that nothing is missing.

        Args:
            secrets: The names of the secrets that are given.
            modules: The given folder `node_modules`, or None.

        Raises:
            ConfigurationError: When something is missing; the message says what to do.
        """
        missing = [name for name in self.secrets if name not in secrets]
        if missing:
            message = (
                f"secrets lacks {', '.join(missing)}, which {self.document} declares: "
                f'give it, for example {missing[0]} = {{ env = "{missing[0]}" }} in customdb.toml'
            )
            raise ConfigurationError(message)
        absent = [wanted for name, wanted in self.dependencies.items() if not _is_installed(name, modules)]
        if absent and modules is None:
            message = (
                f"node_modules is not given, but {self.document} declares dependencies: run npm install "
                f"{' '.join(absent)}, and give the folder node_modules that it creates"
            )
            raise ConfigurationError(message)
        if absent:
            message = (
                f"node_modules lacks dependencies declared in {self.document}: run npm install "
                f"{' '.join(absent)} in {cast('Path', modules).parent}"
            )
            raise ConfigurationError(message)


def declared_in(document: Mapping[str, object], file_name: str) -> Declared:
    """Return the needs that a document declares for its Action.

    Args:
        document: The document.
        file_name: Its name, for messages.
    """
    dependencies = {
        name: f"{name}@{version}" if isinstance(version := entry.get("version"), str) and version else name
        for name, entry in _named(document.get("dependencies"))
    }
    return Declared(file_name, tuple(dict.fromkeys(name for name, _ in _named(document.get("secrets")))), dependencies)


def _named(listed: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the objects of a list that have a name."""
    for entry in cast("list[object]", listed) if isinstance(listed, list) else []:
        if isinstance(entry, dict):
            described = cast("Mapping[str, object]", entry)
            name = described.get("name")
            if isinstance(name, str) and name:
                yield name, described


def _is_installed(name: str, modules: Path | None) -> bool:
    """Tell whether Node finds a module: in the folder, or in a folder of the same name further up."""
    if modules is None:
        return False
    folders = (modules.parent, *modules.parent.parents)
    return any((folder / modules.name / name).is_dir() for folder in folders)
