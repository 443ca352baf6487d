"""A wire-level test double of MongoDB: it speaks the protocol to the real drivers, and is not MongoDB.

It proves how a driver is used, what is sent, and how responses are handled; it proves nothing about MongoDB's own
semantics. It knows neither TLS nor transactions, and compares texts under a collation only roughly.

Source: <https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/>.
"""

import asyncio
import itertools
import struct
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any, Final

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions

from doubles.mongo_store import Collection, CommandError, Document, apply_update
from doubles.scram import Login

__all__ = ["MongodDouble", "running_mongod_double"]

_HEADER: Final = struct.Struct("<iiii")
_OP_REPLY: Final = 1
_OP_QUERY: Final = 2004
_OP_MSG: Final = 2013
_MORE_TO_COME: Final = 2
_BATCH: Final = 101
"""Documents in a first batch by default, as in MongoDB."""

_OPTIONS: Final = CodecOptions[Document](uuid_representation=UuidRepresentation.STANDARD)

_HELLO: Final = {
    "helloOk": True,
    "ismaster": True,
    "isWritablePrimary": True,
    "maxBsonObjectSize": 16 * 2**20,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "logicalSessionTimeoutMinutes": 30,
    "minWireVersion": 0,
    "maxWireVersion": 21,
    "readOnly": False,
}


class MongodDouble:
    """The double, on a free port of 127.0.0.1. Its data survives `kill` and `start`.

    Args:
        user: The user who must log in before any other command, or None.
        password: The password.

    Attributes:
        seen: The commands so far, without those that drivers send by themselves.
    """

    def __init__(self, user: str | None = None, password: str = "") -> None:
        self.port = 0
        self._credentials = user, password
        self.seen: list[Document] = []
        self._collections: dict[str, Collection] = {}
        self._cursors: dict[int, tuple[str, list[Document]]] = {}
        self._numbers = itertools.count(1)
        self._clients: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self._thread: Thread | None = None
        self._stop: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    @property
    def url(self) -> str:
        """The address of a database on the double."""
        return f"mongodb://127.0.0.1:{self.port}/shop"

    def collection(self, name: str) -> Collection:
        """Return a collection of the database, to inspect it without a client."""
        return self._collections.setdefault(f"shop.{name}", Collection())

    def start(self) -> None:
        """Listen on the same port as before."""
        ready = Event()
        self._thread = Thread(target=self._run, args=(ready,), name="mongod double", daemon=True)
        self._thread.start()
        ready.wait()

    def kill(self) -> None:
        """Stop at once, like a killed process."""
        if self._thread is not None and self._stop is not None:
            loop, stop = self._stop
            loop.call_soon_threadsafe(stop.set)
            self._thread.join()
            self._thread = self._stop = None

    def _run(self, ready: Event) -> None:
        asyncio.run(self._serve(ready))

    async def _serve(self, ready: Event) -> None:
        server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        stop = asyncio.Event()
        self._stop = asyncio.get_running_loop(), stop
        ready.set()
        await stop.wait()
        server.close()
        for writer in self._clients:
            writer.transport.abort()
        await asyncio.gather(*filter(None, self._clients.values()))
        self._cursors.clear()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients[writer] = asyncio.current_task()
        login = Login(*self._credentials)
        try:
            while True:
                length, request, _, operation = _HEADER.unpack(await reader.readexactly(_HEADER.size))
                body = await reader.readexactly(length - _HEADER.size)
                answer = self._answered(operation, request, body, login)
                if answer is not None:
                    writer.write(answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            del self._clients[writer]
            writer.close()

    def _answered(self, operation: int, request: int, body: bytes, login: Login) -> bytes | None:
        if operation == _OP_QUERY:
            start = body.index(b"\0", 4) + 9
            reply = _encode(self._run_command(_decode(body[start : start + _size(body, start)]), login))
            return _message(_OP_REPLY, request, struct.pack("<iqii", 8, 0, 0, 1) + reply)
        if operation != _OP_MSG:
            return None
        flags, command = _command(body)
        reply = _encode(self._run_command(command, login))
        return None if flags & _MORE_TO_COME else _message(_OP_MSG, request, struct.pack("<IB", 0, 0) + reply)

    def _run_command(self, command: Document, login: Login) -> Document:
        name = next(iter(command))
        try:
            return {**self._result_of(name, command, login), "ok": 1.0}
        except CommandError as error:
            return _failure(error)

    def _result_of(self, name: str, command: Document, login: Login) -> Document:
        steps = {"saslstart": login.start, "saslcontinue": login.go_on}
        if name.lower() in steps:
            return steps[name.lower()](command)
        run = _COMMANDS.get(name.lower())
        if run is None:
            raise CommandError(59, "CommandNotFound", f"no such command: '{name}'")
        if name.lower() not in _OWN_OF_DRIVERS:
            if not login.is_done:
                raise CommandError(13, "Unauthorized", f"command {name} requires authentication")
            self.seen.append(command)
        return run(self, command)

    def _of(self, command: Document) -> Collection:
        name = f"{command['$db']}.{next(iter(command.values()))}"
        return self._collections.setdefault(name, Collection())

    def _hello(self, command: Document) -> Document:
        mechanisms = {"saslSupportedMechs": ["SCRAM-SHA-256"]} if "saslSupportedMechs" in command else {}
        return {**_HELLO, **mechanisms, "localTime": datetime.now(UTC), "connectionId": next(self._numbers)}

    def _nothing(self, _: Document) -> Document:
        return {}

    def _insert(self, command: Document) -> Document:
        return _written(command["documents"], self._of(command).insert)

    def _update(self, command: Document) -> Document:
        collection, changed = self._of(command), itertools.count()

        def write(update: Document) -> None:
            _refuse_upsert(update)
            found = collection.find(update["q"], update.get("collation"))
            for document in found if update.get("multi") else found[:1]:
                collection.replace(document, apply_update(document, update["u"]))
                next(changed)

        return {**_written(command["updates"], write), **dict.fromkeys(("n", "nModified"), next(changed))}

    def _delete(self, command: Document) -> Document:
        collection, removed = self._of(command), itertools.count()

        def remove(one: Document) -> None:
            found = collection.find(one["q"], one.get("collation"))
            for document in found[: one["limit"] or None]:
                collection.remove(document)
                next(removed)

        return {**_written(command["deletes"], remove), "n": next(removed)}

    def _find(self, command: Document) -> Document:
        found = self._of(command).find(command.get("filter", {}), command.get("collation"))
        found = found[command.get("skip", 0) :][: abs(command.get("limit", 0)) or None]
        documents = [_projected(document, command.get("projection")) for document in found]
        name = f"{command['$db']}.{command['find']}"
        return self._cursor(name, documents, command.get("batchSize", _BATCH), "firstBatch", command.get("singleBatch"))

    def _get_more(self, command: Document) -> Document:
        name, documents = self._cursors.pop(command["getMore"], ("", None))
        if documents is None:
            raise CommandError(43, "CursorNotFound", f"cursor id {command['getMore']} not found")
        return self._cursor(name, documents, command.get("batchSize", len(documents)), "nextBatch", None)

    def _cursor(self, name: str, documents: list[Document], size: int, batch: str, is_single: Any) -> Document:
        number, rest = 0, documents[size:]
        if rest and not is_single:
            number = next(self._numbers)
            self._cursors[number] = (name, rest)
        return {"cursor": {batch: documents[:size], "id": bson.Int64(number), "ns": name}}

    def _kill_cursors(self, command: Document) -> Document:
        return {"cursorsKilled": [number for number in command["cursors"] if self._cursors.pop(number, None)]}

    def _find_and_modify(self, command: Document) -> Document:
        _refuse_upsert(command)
        collection = self._of(command)
        found = collection.find(command.get("query", {}), command.get("collation"))[:1]
        for document in found:
            if command.get("remove"):
                collection.remove(document)
                return {"value": document, "lastErrorObject": {"n": 1}}
            changed = apply_update(document, command["update"])
            collection.replace(document, changed)
            state = {"n": 1, "updatedExisting": True}
            return {"value": changed if command.get("new") else document, "lastErrorObject": state}
        return {"value": None, "lastErrorObject": {"n": 0, "updatedExisting": False}}

    def _count(self, command: Document) -> Document:
        return {"n": len(self._of(command).find(command.get("query", {}), command.get("collation")))}

    def _aggregate(self, command: Document) -> Document:
        match command["pipeline"]:
            case [{"$match": query}, {"$group": {"_id": 1, "n": {"$sum": 1}}}]:
                number = len(self._of(command).find(query, command.get("collation")))
                name = f"{command['$db']}.{command['aggregate']}"
                return self._cursor(name, [{"_id": 1, "n": number}] if number else [], _BATCH, "firstBatch", True)
            case _:
                raise CommandError(40324, "Location40324", "the double knows only what counts documents")

    def _create_indexes(self, command: Document) -> Document:
        for spec in command["indexes"]:
            self._of(command).create_index(spec)
        return {}

    def _list_indexes(self, command: Document) -> Document:
        name = f"{command['$db']}.{command['listIndexes']}"
        if name not in self._collections:
            raise CommandError(26, "NamespaceNotFound", f"ns does not exist: {name}")
        return self._cursor(name, [index.spec for index in self._of(command).indexes], _BATCH, "firstBatch", None)

    def _drop(self, command: Document) -> Document:
        self._collections.pop(f"{command['$db']}.{command['drop']}", None)
        return {}


_COMMANDS: Final[Mapping[str, Callable[[MongodDouble, Document], Document]]] = {
    "aggregate": MongodDouble._aggregate,
    "count": MongodDouble._count,
    "createindexes": MongodDouble._create_indexes,
    "delete": MongodDouble._delete,
    "drop": MongodDouble._drop,
    "endsessions": MongodDouble._nothing,
    "find": MongodDouble._find,
    "findandmodify": MongodDouble._find_and_modify,
    "getmore": MongodDouble._get_more,
    "hello": MongodDouble._hello,
    "insert": MongodDouble._insert,
    "ismaster": MongodDouble._hello,
    "killcursors": MongodDouble._kill_cursors,
    "listindexes": MongodDouble._list_indexes,
    "ping": MongodDouble._nothing,
    "update": MongodDouble._update,
}
_OWN_OF_DRIVERS: Final = {"endsessions", "hello", "ismaster", "ping"}


def _encode(document: Document) -> bytes:
    return bson.encode(document, codec_options=_OPTIONS)


def _decode(data: bytes) -> Document:
    return bson.decode(data, _OPTIONS)


def _size(body: bytes, start: int) -> int:
    return int.from_bytes(body[start : start + 4], "little")


def _command(body: bytes) -> tuple[int, Document]:
    """Return the flags of a message, and its sections as one command."""
    flags, place, command = _size(body, 0), 4, Document()
    end = len(body) - (4 if flags & 1 else 0)
    while place < end:
        kind, place = body[place], place + 1
        size = _size(body, place)
        section, place = body[place : place + size], place + size
        if kind == 0:
            command = {**_decode(section), **command}
        else:
            name, _, documents = section[4:].partition(b"\0")
            command[name.decode()] = bson.decode_all(documents, _OPTIONS)
    return flags, command


def _message(operation: int, request: int, body: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), 0, request, operation) + body


def _failure(error: CommandError) -> Document:
    return {"ok": 0.0, "errmsg": str(error), "code": error.code, "codeName": error.name}


def _written(statements: list[Document], write: Callable[[Document], None]) -> Document:
    """Perform the writes in order, up to the first that fails."""
    for number, statement in enumerate(statements):
        try:
            write(statement)
        except CommandError as error:
            return {"n": number, "writeErrors": [{"index": number, "code": error.code, "errmsg": str(error)}]}
    return {"n": len(statements)}


def _refuse_upsert(update: Document) -> None:
    if update.get("upsert"):
        raise CommandError(238, "NotImplemented", "the double knows no upsert")


def _projected(document: Document, projection: Mapping[str, Any] | None) -> Document:
    """Return the requested fields; overlapping paths are refused, as in MongoDB since 4.4."""
    wanted = [path for path, value in (projection or {}).items() if value and path != "_id"]
    for one, other in itertools.permutations(wanted, 2):
        if one.startswith(f"{other}."):
            raise CommandError(31249, "Location31249", f"Path collision at {one}")
    if not wanted:
        return document
    kept = Document() if projection and not projection.get("_id", 1) else {"_id": document["_id"]}
    for path in wanted:
        _copy(document, kept, path.split("."))
    return kept


def _copy(document: Any, into: Document, path: list[str]) -> None:
    first, *others = path
    if not isinstance(document, dict) or first not in document:
        return
    if not others:
        into[first] = document[first]
    elif isinstance(document[first], dict):
        _copy(document[first], into.setdefault(first, {}), others)


@contextmanager
def running_mongod_double(user: str | None = None, password: str = "") -> Generator[MongodDouble]:
    """Run a double while tests run; if a user is given, only that user has access."""
    double = MongodDouble(user, password)
    double.start()
    try:
        yield double
    finally:
        double.kill()
