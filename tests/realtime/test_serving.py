"""`manage.py serve` and `manage.py token`: what they refuse, and what never comes into a log."""

from __future__ import annotations

import contextlib
import socket

import pytest
from django.db.migrations.recorder import MigrationRecorder
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.harness.databases import Database
from tests.harness.people import People
from tests.harness.process import free_port
from tests.harness.site import Site


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"LOG_LEVEL": "DEBUG"}


def serve(database: Database, *arguments: str) -> str:
    """What `serve` says when it refuses to start."""
    with pytest.raises(AssertionError) as refused:
        database.manage("serve", "--port", str(free_port()), *arguments)
    said = str(refused.value)
    assert "Traceback" not in said
    return said


def test_a_second_server_on_one_sqlite_file_is_refused(site: Site) -> None:
    said = serve(site.database)
    assert "Another server uses" in said
    assert "DATABASE_URL" in said
    assert site.health()["status"] == "healthy"


def forget_newest_migration() -> None:
    MigrationRecorder.Migration.objects.filter(app="kith_realtime").latest("pk").delete()


def test_a_database_that_lacks_migrations_is_refused(sqlite_database: Database) -> None:
    sqlite_database.run(forget_newest_migration)
    assert "manage.py migrate" in serve(sqlite_database)


def test_a_port_that_is_taken_is_refused(sqlite_database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert "another PORT" in serve(sqlite_database, "--port", port)


# ── tokens ──────────────────────────────────────────────────────────────────────────────────


async def test_the_token_command_prints_one_that_signs_in(site: Site, people: People) -> None:
    alice = people.user("alice")
    printed = site.manage("token", alice.username)
    [token] = printed.split()
    async with site.connect(token=token) as client:
        assert (await client.until("connected"))["user_id"] == alice.pk


def test_the_token_command_knows_its_users(site: Site) -> None:
    with pytest.raises(AssertionError, match="There is no user 'nobody'"):
        site.manage("token", "nobody")


async def test_no_token_comes_into_the_servers_log(site: Site, people: People) -> None:
    """However it was offered, and whatever went wrong."""
    alice = people.user("alice")
    good, bad = site.token(alice), site.token(alice, key="x" * 40)
    for token in (good, bad):
        async with site.connect("messages", token=token) as client:
            await client.recv()
            with contextlib.suppress(ConnectionClosed):
                await client.send_raw(b"\xff", text=True)
        async with site.connect(headers={"Authorization": f"Bearer {token}"}) as client:
            await client.recv()
        async with site.connect(subprotocols=["kith.v1", f"bearer.{token}"]) as client:
            await client.recv()
        async with site.connect() as client:
            await client.send({"type": "authenticate", "token": token, "ref": 5})
            await client.until("error")
            await client.send({"type": "authenticate", "token": token})
            await client.recv()
        async with site.connect("no/such/channel", token=token) as client:
            assert await client.closed() == 4403
        with pytest.raises(InvalidStatus):
            async with site.connect(token=token, origin="https://evil.example"):
                pass
        for path in ("/api/me/", "/api/none/", "/health/", "/upload/files/none"):
            site.api(token).get(path, params={"token": token})
        site.api(token).post("/api/logout/", json={"refresh": token})
    log = site.log()
    assert log
    for token in (good, bad):
        _header, payload, signature = token.split(".")
        assert payload not in log
        assert signature not in log
