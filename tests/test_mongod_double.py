"""The test double of MongoDB serves the real drivers, as far as the tests use them."""

import asyncio
import json
import shutil
import socket
import struct
import subprocess
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import bson
import pytest
from pymongo import AsyncMongoClient, MongoClient, ReturnDocument
from pymongo.errors import DuplicateKeyError, OperationFailure

from doubles.mongod import MongodDouble, running_mongod_double

MODULES: Final = Path(__file__).parent / "drivers" / "node_modules"
CASELESS: Final = {"locale": "en", "strength": 2}

pytestmark = [pytest.mark.databases, pytest.mark.untraced]


@pytest.fixture
def double() -> Generator[MongodDouble]:
    with running_mongod_double() as double:
        yield double


@pytest.fixture
def people(double: MongodDouble) -> Generator[Any]:
    with MongoClient[dict[str, Any]](double.url) as client:
        yield client.get_default_database()["people"]


def test_pymongo_writes_and_reads(people: Any) -> None:
    people.create_index("email", unique=True, sparse=True, collation=CASELESS)
    people.insert_many(
        [{"_id": number, "email": f"Ada{number}@example.com", "a": {"b": number}} for number in range(300)]
    )
    assert len(people.find({}, batch_size=100).to_list()) == 300
    with pytest.raises(DuplicateKeyError):
        people.insert_one({"email": "ADA7@example.com"})
    with pytest.raises(DuplicateKeyError):
        people.update_one({"_id": 1}, {"$set": {"email": "ada7@example.com"}})
    assert people.find_one({"email": "ada7@EXAMPLE.com"}) is None
    assert people.find_one({"email": "ada7@EXAMPLE.com"}, {"a.b": 1}, collation=CASELESS) == {"_id": 7, "a": {"b": 7}}
    assert people.count_documents({"a.b": {"$in": [1, 2, 999]}}) == 2
    assert people.update_many({"a.b": {"$gt": 297}}, {"$set": {"a.c": 1}, "$unset": {"email": ""}}).matched_count == 2
    assert people.find_one({"_id": 298}) == {"_id": 298, "a": {"b": 298, "c": 1}}
    after = people.find_one_and_update({"_id": 5}, {"$set": {"x": 1}}, return_document=ReturnDocument.AFTER)
    assert after["x"] == 1
    assert people.find_one_and_delete({"_id": 5})["x"] == 1
    assert people.find_one_and_delete({"_id": 5}) is None
    assert people.delete_one({"_id": {"$exists": True}}).deleted_count == 1
    assert people.delete_many({"email": {"$ne": "nobody"}}).deleted_count == 298
    assert people.estimated_document_count() == 0


@pytest.mark.parametrize(
    ("query", "projection", "code"),
    [({"$where": "1"}, None, 2), ({"a": {"$near": 1}}, None, 2), ({}, {"a": 1, "a.b": 1}, 31249)],
)
def test_an_unknown_query_operator_is_an_error(query: Any, projection: Any, code: int, people: Any) -> None:
    people.insert_one({"a": 1})
    with pytest.raises(OperationFailure) as caught:
        people.find_one(query, projection)
    assert caught.value.code == code


def test_unknown_commands_and_updates_are_errors(people: Any) -> None:
    people.insert_one({"_id": 1, "a": 1})
    for update, code in (({"$inc": {"a": 1}}, 9), ({"$set": {"_id": 2}}, 66), ({"$set": {"a.b": 2}}, 28)):
        with pytest.raises(OperationFailure) as caught:
            people.update_one({"_id": 1}, update)
        assert caught.value.code == code
    with pytest.raises(OperationFailure, match="no upsert"):
        people.update_one({"_id": 9}, {"$set": {"a": 1}}, upsert=True)
    with pytest.raises(OperationFailure, match="no such command"):
        people.database.command("buildInfo")


def test_a_client_that_must_authenticate_does_so_or_is_refused() -> None:
    with running_mongod_double("ada", "the password") as double:
        place = double.url.removeprefix("mongodb://")
        for credentials, code in (("ada:another@", 18), ("bob:the%20password@", 18), ("", 13)):
            with MongoClient[dict[str, Any]](f"mongodb://{credentials}{place}") as client:
                with pytest.raises(OperationFailure) as caught:
                    client.get_default_database()["people"].find_one()
                assert caught.value.code == code
        with MongoClient[dict[str, Any]](f"mongodb://ada:the%20password@{place}") as client:
            assert client.get_default_database()["people"].find_one() is None
        assert len(double.seen) == 1


def test_async_pymongo_reads(double: MongodDouble) -> None:
    async def read() -> Any:
        async with AsyncMongoClient[dict[str, Any]](double.url) as client:
            people = client.get_default_database()["people"]
            await people.insert_one({"_id": 1})
            return await people.find_one({"_id": 1})

    assert asyncio.run(read()) == {"_id": 1}


def test_a_killed_double_restarts_with_its_data(double: MongodDouble, people: Any) -> None:
    people.insert_one({"_id": 1})
    port = double.port
    double.kill()
    double.kill()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    double.start()
    assert double.port == port
    assert people.find_one() == {"_id": 1}


def test_old_drivers_may_say_hello_in_the_old_way(double: MongodDouble) -> None:
    query = struct.pack("<i", 0) + b"admin.$cmd\0" + struct.pack("<ii", 0, -1) + bson.encode({"isMaster": 1})
    with closing(socket.create_connection(("127.0.0.1", double.port))) as client:
        client.sendall(struct.pack("<iiii", 16 + len(query), 5, 0, 2004) + query)
        with client.makefile("rb") as answer:
            length, _, request, operation = struct.unpack("<iiii", answer.read(16))
            assert (request, operation) == (5, 1)
            assert bson.decode(answer.read(length - 16)[20:])["ismaster"] is True


SCRIPT: Final = """
const { MongoClient } = require(process.argv[1]);
(async () => {
  const client = await new MongoClient(process.argv[2]).connect();
  const people = client.db().collection('people');
  const answers = [];
  await people.createIndex({ email: 1 }, { unique: true, collation: { locale: 'en', strength: 2 } });
  await people.insertOne({ email: 'Ada@example.com', n: 1 });
  answers.push(await people.insertOne({ email: 'ADA@example.com' }).catch((error) => error.code));
  const caseless = { collation: { locale: 'en', strength: 2 } };
  answers.push((await people.find({ email: 'ada@EXAMPLE.com' }, caseless).toArray()).length);
  answers.push((await people.updateOne({ n: 1 }, { $set: { n: 2 } })).modifiedCount);
  answers.push((await people.findOneAndUpdate({ n: 2 }, { $set: { n: 3 } }, { returnDocument: 'after' })).n);
  answers.push(await people.countDocuments({ n: 3 }));
  answers.push((await people.deleteOne({ n: 3 })).deletedCount);
  await client.close();
  console.log(JSON.stringify(answers));
})();
"""


@pytest.mark.skipif(not (MODULES / "mongodb").is_dir(), reason="the npm modules are not installed: run make test")
def test_the_driver_of_npm_writes_and_reads(double: MongodDouble) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node on PATH: apt-get install nodejs")
    command = [node, "-e", SCRIPT, str(MODULES / "mongodb"), double.url]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout) == [11000, 1, 1, 3, 1, 1]
