"""A real MariaDB for tests, on a free port of 127.0.0.1, removed after the tests."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from attrs import define

__all__ = ["Mariadb", "find_mariadb", "run_mariadb"]

_OWNER: Final = "mysql"
_PROGRAMS: Final = ("mariadb-install-db", "mariadbd", "mariadb")


def find_mariadb() -> dict[str, Path] | None:
    """Return the programs of MariaDB by name, or None if one of them is missing."""
    # Debian installs the server in a folder on root's PATH only.
    search = os.pathsep.join([*os.get_exec_path(), "/usr/sbin", "/usr/local/sbin"])
    found = {name: shutil.which(name, path=search) for name in _PROGRAMS}
    programs = {name: Path(path) for name, path in found.items() if path is not None}
    return programs if len(programs) == len(_PROGRAMS) else None


@define
class Mariadb:
    """A server that can be killed and started again.

    Args:
        port: Its port.
        command: The command that starts it.
        client: The client as root, on its socket.
        user: The user of the system that it runs as, or None for this one.
    """

    port: int
    command: list[str]
    client: list[str]
    user: str | None
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self.command, cwd="/", user=self.user, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while subprocess.run([*self.client, "-e", "SELECT 1"], capture_output=True, check=False).returncode:
            if time.monotonic() > until or self._process.poll() is not None:
                message = "MariaDB did not start"
                raise RuntimeError(message)
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill it, like a power cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def run(self, script: str) -> None:
        """Run SQL as root."""
        subprocess.run([*self.client], input=script, text=True, check=True, capture_output=True)


@contextmanager
def run_mariadb(programs: dict[str, Path]) -> Generator[Mariadb]:
    """Run a server on which the user `shop` has all rights and no password.

    Args:
        programs: Its programs, as `find_mariadb` returns them.
    """
    # MariaDB refuses to run as root; its package creates a user for it.
    user = _OWNER if os.getuid() == 0 else None
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        if user:
            shutil.chown(folder, user)
        data, path = f"{folder}/data", f"{folder}/socket"
        install = [str(programs["mariadb-install-db"]), "--no-defaults", f"--datadir={data}"]
        subprocess.run(
            [*install, "--auth-root-authentication-method=normal", "--skip-test-db"],
            cwd="/",
            user=user,
            check=True,
            capture_output=True,
        )
        options = [f"--datadir={data}", f"--socket={path}", f"--port={port}", "--bind-address=127.0.0.1"]
        quick = [
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-flush-method=nosync",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
        ]
        server = Mariadb(
            port,
            [str(programs["mariadbd"]), "--no-defaults", *options, *quick, f"--pid-file={folder}/pid"],
            [str(programs["mariadb"]), "--no-defaults", f"--socket={path}", "--user=root"],
            user,
        )
        server.start()
        try:
            server.run("CREATE USER shop@'127.0.0.1'; GRANT ALL ON *.* TO shop@'127.0.0.1'; CREATE DATABASE shop;")
            yield server
        finally:
            server.kill()
