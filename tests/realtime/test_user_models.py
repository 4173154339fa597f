"""A project whose users have UUID keys (tests/games), from outside: everything works as with integers."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.harness.client import Client
from tests.harness.databases import Database, Databases
from tests.harness.people import PASSWORD
from tests.harness.site import Site, Sites

SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.games.settings", "KITH_POLL_S": "0.05"}


class Games:
    """A running site of the games project."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def run(self, script: str, **values: object) -> Any:
        """What a script prints as JSON, run in the site's shell; {names} in it are filled in."""
        printed = self.site.manage("shell", "--no-imports", "-c", f"import json\n{script.format(**values)}")
        return json.loads(printed.splitlines()[-1])

    def players(self, *names: str) -> list[str]:
        """New players; their keys."""
        script = """
from tests.games.models import Player
made = [Player.objects.create_user(name, password={password!r}, first_name=name) for name in {names!r}]
print(json.dumps([str(player.pk) for player in made]))"""
        keys: list[str] = self.run(script, names=names, password=PASSWORD)
        return keys

    def api(self, name: str) -> httpx.Client:
        """REST as someone who signed in; the access token is in its headers."""
        tokens = self.site.api().post("/api/token/", json={"username": name, "password": PASSWORD}).json()
        return self.site.api(tokens["access"])

    def connect(self, channel: str, api: httpx.Client, **options: Any) -> AbstractAsyncContextManager[Client]:
        """A socket with the token of this client, nothing read yet."""
        token = api.headers["Authorization"].removeprefix("Bearer ")
        return self.site.connect(channel, token=token, **options)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def games(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[Games]:
    folder: Path = tmp_path_factory.mktemp("games")
    if request.param == "sqlite":
        database = Database(f"sqlite:///{folder / 'games.sqlite3'}")
    else:
        database = Database(databases.postgres.create_database("games"))
    database.manage("migrate", "--verbosity", "0", environment=database.environment | SETTINGS)
    with closing(Sites(folder, databases)) as sites:
        yield Games(sites.start(database, settings=SETTINGS, active=False))


async def test_one_signs_in_opens_a_chat_sends_and_receives(games: Games) -> None:
    alice, bob = games.players("alice", "bob")
    mine, his = games.api("alice"), games.api("bob")
    assert mine.get("/api/me/").json()["id"] == alice == str(uuid.UUID(alice))
    chat = mine.post("/api/chats/", json={"member_ids": [bob], "title": "Chess"}).json()["id"]
    channel = f"messages/{chat}"
    async with games.connect(channel, mine) as left, games.connect(channel, his) as right:
        assert (await left.opened())[0]["user_id"] == alice
        state = (await right.opened())[1]
        assert {member["user_id"]: member["role"] for member in state["members"]} == {
            alice: "owner",
            bob: "member",
        }
        await left.send({"type": "typing", "is_typing": True})
        assert (await right.until("typing"))["user_id"] == alice
        made = await left.command({"type": "message", "content": "e4", "ref": "r1"})
        assert (await left.command({"type": "message", "content": "e4", "ref": "r1"}))["duplicate"] is True
        frame = await right.until("new_message", message_id=made["message_id"])
        assert (frame["sender_id"], frame["sender_name"], frame["content"]) == (alice, "alice", "e4")
        await right.command({"type": "react", "message_id": made["message_id"], "emoji": "👍", "added": True})
        assert (await left.until("reaction"))["user_id"] == bob
        await asyncio.to_thread(mine.delete, f"/api/chats/{chat}/members/{bob}/")
        assert await right.closed() == 4403


ADMIN = """
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from tests.games.models import Player
client = Client()
client.force_login(Player.objects.create_superuser("moderator", password="x"))
found = {{"/admin/": client.get("/admin/").status_code}}
for model in admin.site._registry:
    for kind in ("changelist", "add"):
        url = reverse(f"admin:{{model._meta.app_label}}_{{model._meta.model_name}}_{{kind}}")
        found[url] = client.get(url).status_code
print(json.dumps(found))"""


def test_the_admin_works_without_unfold_and_without_a_page_of_the_users(games: Games) -> None:
    found = games.run(ADMIN)
    assert {status for path, status in found.items() if not path.endswith("/add/")} == {200}
    assert {status for path, status in found.items() if path.endswith("/add/")} <= {200, 403}
    assert len(found) > 25


async def test_members_come_and_go_and_only_see_what_is_theirs(games: Games) -> None:
    carol, dave = games.players("carol", "dave")
    mine, his = games.api("carol"), games.api("dave")
    chat = mine.post("/api/chats/", json={"member_ids": []}).json()["id"]
    async with games.connect("messages", his) as client:
        await client.opened()
        say = f"/api/chats/{chat}/messages/"
        mine.post(say, json={"content": "before"})
        assert mine.post(f"/api/chats/{chat}/members/", json={"user_id": dave}).status_code == 201
        await client.until("chat_added", chat_id=chat)
        mine.post(say, json={"content": "after"})
        assert (await client.until("new_message"))["content"] == "after"
    async with games.connect("messages", his, since=0) as client:
        told = [frame["content"] for frame in await client.opened() if frame["type"] == "new_message"]
        assert told == ["after"]
    for wrong in ("7", carol[:-1], f"{carol}0", 7, None, True):
        refused = mine.post(f"/api/chats/{chat}/members/", json={"user_id": wrong})
        assert (refused.status_code, refused.json()["field"]) == (400, "user_id"), wrong


async def test_a_projects_own_event_is_one_class(games: Games) -> None:
    [erin] = games.players("erin")
    api = games.api("erin")
    script = """
from tests.games.models import Score
for points in {points}:
    Score.objects.update_or_create(player_id={player!r}, defaults=dict(points=points))
print(json.dumps(None))"""
    async with games.connect("scores", api) as client:
        assert (await client.opened())[1] == {"type": "scores_state", "channel": "scores", "points": 0}
        assert (await client.command({"type": "win", "points": 3}))["points"] == 3
        won = await client.until("score_changed")
        assert (won["player_id"], won["points"], won["channel"]) == (erin, 3, "scores")
        await asyncio.to_thread(games.run, script, player=erin, points=[3, 5, 5, 4])
        assert [(await client.until("score_changed"))["points"] for _ in range(2)] == [5, 4]
        answer = await client.command({"type": "win", "points": "many"})
        assert (answer["code"], answer["field"]) == ("invalid_message", "points")
        assert await client.barrier() == []
    async with games.connect("scores", api, since=won["id"]) as client:
        assert [frame["points"] for frame in await client.opened() if "points" in frame] == [5, 4, 4]


async def test_a_deleted_player_is_signed_out_and_nowhere_in_the_log(games: Games) -> None:
    eve, frank = games.players("eve-with-a-name", "frank")
    mine, his = games.api("eve-with-a-name"), games.api("frank")
    chat = mine.post("/api/chats/", json={"member_ids": [frank]}).json()["id"]
    mine.post(f"/api/chats/{chat}/messages/", json={"content": "my secret"})
    script = """
from tests.games.models import Player
from realtime.models import LoggedEvent
Player.objects.get(pk={player!r}).delete()
told = [LoggedEvent.objects.filter(body__contains=text).count() for text in ("my secret", "eve-with-a-name")]
print(json.dumps(told))"""
    async with games.connect("messages", mine) as client:
        await client.opened()
        assert await asyncio.to_thread(games.run, script, player=eve) == [0, 0]
        assert await client.closed() == 4401
    async with games.connect("messages", his, since=0) as client:
        assert "message_deleted" in [frame["type"] for frame in await client.opened()]
