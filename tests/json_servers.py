"""A JSON server on loopback that can be killed and restarted on the same port."""

import hashlib
import json
import secrets
import socket
from base64 import b64encode
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from attrs import field, frozen
from typing_extensions import override

__all__ = ["Asked", "JsonServer", "Reply", "hashed", "running_json"]

Reply = tuple[int, object]
"""A status, and a JSON document, bytes that are not JSON, or None for no body."""


def hashed(password: str) -> str:
    """Return the stored hash of a password: Django's PBKDF2, with few rounds."""
    salt = secrets.token_hex(8)
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), 1000)
    return f"pbkdf2_sha256$1000${salt}${b64encode(digest).decode()}"


@frozen
class Asked:
    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    body: Any
    authorization: str | None = field(repr=False)
    cookie: str | None = None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: two of them wait for each other (RFC 896, RFC 1122).
    wbufsize = -1
    disable_nagle_algorithm = True

    def _do(self) -> None:
        assert isinstance(self.server, _Server)
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        asked = Asked(
            self.command,
            tuple(map(unquote, parts.path.strip("/").split("/"))),
            {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()},
            json.loads(content) if content else None,
            self.headers.get("authorization"),
            self.headers.get("cookie"),
        )
        status, document = self.server.answer(asked)
        body = b"" if document is None else document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        if 300 <= status < 400 and isinstance(document, dict):
            self.send_header("location", str(document["location"]))
        self.send_header("set-cookie", "session=of-somebody; Path=/")
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = _do  # noqa: N815 - names of http.server

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answer: Callable[[Asked], Reply]) -> None:
        self.answer = answer
        self._sockets: set[socket.socket] = set()
        self._changing = Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changing:
            self._sockets.add(request)
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: Any) -> None:
        with self._changing:
            self._sockets.discard(request)
        super().shutdown_request(request)

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: clients may disconnect."""

    def kill(self) -> None:
        self.shutdown()
        self.server_close()
        with self._changing:
            for connection in self._sockets:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class JsonServer:
    def __init__(self, answer: Callable[[Asked], Reply]) -> None:
        self._answer = answer
        self._port = 0
        self._running: _Server | None = None

    def start(self) -> None:
        self._running = server = _Server(self._port, self._answer)
        self._port = server.server_port
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def kill(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"


@contextmanager
def running_json(answer: Callable[[Asked], Reply]) -> Generator[JsonServer]:
    server: Final = JsonServer(answer)
    server.start()
    try:
        yield server
    finally:
        server.kill()
