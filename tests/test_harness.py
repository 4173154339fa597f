"""The harness itself: what the other tests lean on must hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
import redis as redis_client
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from websockets.asyncio.server import ServerConnection, serve

from tests.harness.client import Client, SocketClosed, connect
from tests.harness.databases import Database, Databases
from tests.harness.people import People
from tests.harness.process import ServerProcess
from tests.harness.servers import PostgresServer, RedisServer
from tests.harness.waiting import eventually, wait_until

# --- processes and servers


class Exits(ServerProcess):
    def command(self) -> list[str]:
        return ["sh", "-c", "echo no configuration >&2; exit 3"]

    def is_ready(self) -> bool:
        return False


def test_a_server_that_exits_at_start_shows_its_log(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no configuration"):
        Exits("exits", tmp_path).start()


def test_waiting_ends_with_the_last_answer() -> None:
    with pytest.raises(TimeoutError, match=r"0.05 s for the bus; last answer: 0"):
        wait_until(lambda: 0, within=0.05, what="the bus")


def test_redis_is_killed_and_comes_back_empty_on_its_port(redis: RedisServer) -> None:
    with redis.client() as client:
        client.set("name", "kith")
    port = redis.port
    redis.kill()
    assert not redis.is_ready()
    redis.start()
    with redis.client() as client:
        assert client.get("name") is None
    assert redis.port == port


def test_a_paused_redis_answers_nothing_until_resumed(redis: RedisServer) -> None:
    with redis.client(timeout=0.2) as client:
        client.set("name", "kith")
        redis.pause()
        with pytest.raises(redis_client.exceptions.TimeoutError):
            client.get("name")
        redis.resume()
        assert client.get("name") == b"kith"


def test_postgres_keeps_what_was_committed_when_it_is_killed(postgres: PostgresServer) -> None:
    url = postgres.create_database("killed")
    with psycopg.connect(url) as before:
        before.execute("CREATE TABLE word (text text); INSERT INTO word VALUES ('kept')")
    postgres.kill()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)
    postgres.start()
    with psycopg.connect(url) as after:
        assert after.execute("SELECT text FROM word").fetchall() == [("kept",)]
    postgres.drop_database("killed")


def test_postgres_is_put_back_as_it_was_saved(postgres: PostgresServer, tmp_path: Path) -> None:
    postgres.stop()
    postgres.save(tmp_path / "copy")
    postgres.start()
    postgres.create_database("later")
    postgres.kill()
    postgres.put_back(tmp_path / "copy")
    postgres.start()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(postgres.url("later"))


# --- databases


def usernames() -> set[str]:
    return set(get_user_model().objects.values_list("username", flat=True))


def test_a_fresh_database_is_migrated_and_empty(database: Database) -> None:
    assert usernames() == set()


def test_what_this_process_writes_another_process_reads(database: Database, people: People) -> None:
    user = people.user("ann")
    script = "from django.contrib.auth.models import User; print('found', User.objects.get().username)"
    assert f"found {user.username}" in database.manage("shell", "-c", script)


def test_a_failed_command_shows_what_it_printed(sqlite_database: Database) -> None:
    with pytest.raises(AssertionError, match="Unknown command"):
        sqlite_database.manage("no-such-command")


def test_threads_write_at_once_on_connections_of_their_own(database: Database, people: People) -> None:
    with ThreadPoolExecutor(8) as threads:
        users = list(threads.map(people.user, [f"writer{number}" for number in range(24)]))
    assert usernames() == {user.username for user in users}


def test_run_is_outside_the_callers_transaction(postgres_database: Database) -> None:
    model = get_user_model()
    with transaction.atomic():
        model.objects.create(username="uncommitted")
        assert postgres_database.run(usernames) == set()
    assert postgres_database.run(usernames) == {"uncommitted"}


async def test_the_orm_is_reached_from_an_async_test(database: Database, people: People) -> None:
    user = people.user("ann")
    assert await asyncio.to_thread(database.run, usernames) == {user.username}


def test_a_nested_database_gives_the_outer_one_back(
    sqlite_database: Database, databases: Databases, people: People
) -> None:
    outer = people.user("outer")
    inner = databases.create("postgres")
    with databases.active(inner):
        assert connection.vendor == "postgresql"
        assert usernames() == set()
        with pytest.raises(AssertionError, match="is the active database"):
            sqlite_database.run(usernames)
    databases.drop(inner)
    assert connection.vendor == "sqlite"
    assert usernames() == {outer.username}


@pytest.mark.django_db
def test_the_marker_of_pytest_django_works_beside() -> None:
    get_user_model().objects.create(username="rolled-back")
    assert usernames() == {"rolled-back"}


# --- the client, against a scripted server


Script = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[Client]:
    async with serve(script, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}/") as client:
            yield client


async def say(socket: ServerConnection, *frames: dict[str, object]) -> None:
    for frame in frames:
        await socket.send(json.dumps(frame))


CONNECTED: dict[str, object] = {
    "type": "connected",
    "message": "hello",
    "user_id": 1,
    "heartbeat_interval": 25,
    "cursor": "4",
}
CAUGHT_UP: dict[str, object] = {"type": "caught_up", "channel": "messages/1", "cursor": "5"}
NOW = "2026-01-02T03:04:05Z"


async def answering(socket: ServerConnection) -> None:
    """Opens, tells a message, then answers pings and acknowledges commands after their event."""
    await say(socket, CONNECTED, CAUGHT_UP)
    await say(socket, {"type": "noted", "content": "one"})
    async for text in socket:
        frame = json.loads(text)
        if frame["type"] == "ping":
            await say(socket, {"type": "pong", "timestamp": frame["timestamp"], "server_time": NOW})
        else:
            await say(socket, {"type": "noted", "content": "two"}, {"type": "ack", "ref": frame["ref"]})


async def test_the_client_reads_the_opening_and_no_further() -> None:
    async with scripted(answering) as client:
        assert [frame["type"] for frame in await client.opened()] == ["connected", "caught_up"]
        assert client.cursor == "5"
        assert (await client.recv())["content"] == "one"


async def test_a_frame_passed_over_is_still_there_for_a_later_wait() -> None:
    async with scripted(answering) as client:
        answer = await client.command({"type": "message", "content": "two", "ref": "r1"})
        assert answer == {"type": "ack", "ref": "r1"}
        await client.until("noted", content="two")
        await client.until("noted", content="one")
        assert client.types == ["connected", "caught_up", "noted", "noted", "ack"]


async def test_the_barrier_returns_what_came_before_its_pong_and_leaves_nothing() -> None:
    async with scripted(answering) as client:
        await client.opened()
        assert await client.barrier() == [{"type": "noted", "content": "one"}]
        assert await client.barrier() == []


async def test_a_wait_that_fails_lists_what_was_seen() -> None:
    async with scripted(answering) as client:
        with pytest.raises(TimeoutError, match=r'(?s)0\.1 s for typing.*"content": "one"'):
            await client.until("typing", within=0.1)


async def test_the_close_code_is_told() -> None:
    async def refuse(socket: ServerConnection) -> None:
        await say(socket, {"type": "error", "code": "forbidden", "message": "No."})
        await socket.close(4403)

    async with scripted(refuse) as client:
        with pytest.raises(SocketClosed, match=r"(?s)4403.*forbidden"):
            await client.until("caught_up")
        assert await client.closed() == 4403
        assert (await client.recv())["code"] == "forbidden"


async def test_an_aborted_client_says_no_goodbye() -> None:
    codes: list[int | None] = []

    async def note(socket: ServerConnection) -> None:
        await socket.wait_closed()
        codes.append(socket.close_code)

    async with scripted(note) as client:
        client.abort()

        async def noted() -> bool:
            return bool(codes)

        await eventually(noted)
        assert codes == [1006]
