"""A PostgreSQL of its own for tests: real, on a free port of 127.0.0.1, gone when the tests are over."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

__all__ = ["DATABASE", "find_postgres", "run_postgres"]

DATABASE: Final = "postgres"
_OWNER: Final = "postgres"
_PROGRAMS: Final = ("initdb", "pg_ctl", "psql")


def find_postgres() -> Path | None:
    """Return the folder with the programs of PostgreSQL, or None where there is none."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *map(Path, os.get_exec_path())]
    return next((folder for folder in places if all((folder / name).is_file() for name in _PROGRAMS)), None)


@contextmanager
def run_postgres(programs: Path, script: str) -> Generator[int]:
    """Run a server; the value is its port.

    Args:
        programs: The folder with its programs.
        script: SQL that is run first.
    """
    # PostgreSQL refuses to run as root; Debian makes a user for it.
    user = _OWNER if os.getuid() == 0 else None
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        if user:
            shutil.chown(folder, user)
        data = str(Path(folder) / "data")

        def run(*command: str, given: str = "") -> None:
            subprocess.run(command, cwd="/", user=user, input=given, text=True, check=True, capture_output=True)

        run(str(programs / "initdb"), "--no-sync", "--auth=trust", "--username=shop", "--encoding=UTF8", data)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        control = (str(programs / "pg_ctl"), "--pgdata", data, "--wait")
        run(*control, "--options", options, "--log", f"{folder}/log", "start")
        try:
            client = (str(programs / "psql"), "-h", "127.0.0.1", "-p", str(port), "-U", "shop", "-v", "ON_ERROR_STOP=1")
            run(*client, DATABASE, given=script)
            yield port
        finally:
            run(*control, "--mode", "immediate", "stop")
