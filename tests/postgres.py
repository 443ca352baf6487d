"""A real PostgreSQL for tests, on a free port of 127.0.0.1, removed after the tests."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from attrs import frozen

__all__ = ["DATABASE", "Postgres", "find_postgres", "run_postgres"]

DATABASE: Final = "postgres"
_OWNER: Final = "postgres"
_PROGRAMS: Final = ("initdb", "pg_ctl", "psql")


def find_postgres() -> Path | None:
    """Return the folder with the programs of PostgreSQL, or None if there is none."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *map(Path, os.get_exec_path())]
    return next((folder for folder in places if all((folder / name).is_file() for name in _PROGRAMS)), None)


@frozen
class Postgres:
    """A server that can be killed and started again.

    Args:
        port: Its port.
        control: The program that starts and stops it, without the command.
        options: The options for starting it.
        user: The user of the system that it runs as, or None for this one.
    """

    port: int
    control: tuple[str, ...]
    options: tuple[str, ...]
    user: str | None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        _run(self.user, *self.control, *self.options, "start")

    def kill(self) -> None:
        """Kill it, like a crash."""
        _run(self.user, *self.control, "--mode", "immediate", "stop")


def _run(user: str | None, *command: str, given: str = "") -> None:
    subprocess.run(command, cwd="/", user=user, input=given, text=True, check=True, capture_output=True)


@contextmanager
def run_postgres(programs: Path, script: str) -> Generator[Postgres]:
    """Run a server.

    Args:
        programs: The folder with its programs.
        script: SQL that is run first.
    """
    # PostgreSQL refuses to run as root; Debian creates a user for it.
    user = _OWNER if os.getuid() == 0 else None
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        if user:
            shutil.chown(folder, user)
        data = str(Path(folder) / "data")
        _run(user, str(programs / "initdb"), "--no-sync", "--auth=trust", "--username=shop", "--encoding=UTF8", data)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        control = (str(programs / "pg_ctl"), "--pgdata", data, "--wait")
        server = Postgres(port, control, ("--options", options, "--log", f"{folder}/log"), user)
        server.start()
        try:
            client = (str(programs / "psql"), "-h", "127.0.0.1", "-p", str(port), "-U", "shop", "-v", "ON_ERROR_STOP=1")
            _run(user, *client, DATABASE, given=script)
            yield server
        finally:
            server.kill()
