"""The privacy matrix: every channel and every list and read of REST for everyone, over a real server.

The expectations are in tests/privacy_table.py. Everything that a viewer was ever sent is searched for
texts that are nowhere but in the subject's things; a fence, caused later, proves that nothing more will come.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from connections.services import request_send
from tests.feed.state import assert_counts_are_of_what_was_told
from tests.harness.databases import Databases, in_thread
from tests.harness.site import Site
from tests.privacy_scene import Scene, Stage, ask, opening, set_scene, text_of, through
from tests.privacy_table import ASKS, LIVE_ONLY, PLACES, REPLAYED_ONLY, SEES, cells

HIDDEN = ("barred", "barring")
MISSING = 10**15 + 7  # no id of anything
NO_ID = "1e3"  # what can be no id at all
BODIES: dict[str, Any] = {"comments/": {"content": "x"}, "messages/": {"content": "x"}}
BODIES |= {"reactions/": {"kind": "like"}, "members/": {"user_id": MISSING}}


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_AUTH_TIMEOUT_S": "0.3", "KITH_PRESENCE_GRACE_S": "0.3"}


@pytest.fixture(scope="module")
def scene(sqlite_server: Site, databases: Databases, django_db_setup: None) -> Iterator[Scene]:
    with databases.active(sqlite_server.database):
        yield in_thread(set_scene)


# ── who gets what ───────────────────────────────────────────────────────────────────────────


async def found(stage: Stage) -> dict[tuple[str, str], dict[str, bool]]:
    """By row and column: in which ways the thing is seen."""
    seen: dict[tuple[str, str], dict[str, bool]] = {}
    heard: dict[tuple[str, str], dict[str, str]] = {}
    for what, row in cells(SEES).items():
        text, channels, paths = PLACES[what]
        text = text.format(**stage.names)
        for column in row:
            ways = seen[what, column] = {}
            for path in (path.format(**stage.names) for path in paths):
                ways[f"GET {path}"] = text in ask(stage.api(column), path)
            for channel in (channel.format(**stage.names) for channel in channels):
                if column == "nobody":  # `test_nobody_gets_nothing`
                    continue
                if (column, channel) not in heard:
                    heard[column, channel] = await stage.heard(column, channel)
                ways |= {
                    f"{channel} {way}": text in told
                    for way, told in heard[column, channel].items()
                    if not (what in LIVE_ONLY if way != "live" else what.endswith(REPLAYED_ONLY))
                }
    return seen


async def test_everyone_sees_what_the_table_says(site: Site, scene: Scene, subtests: pytest.Subtests) -> None:
    async with AsyncExitStack() as stack:
        stage = Stage(site, scene, stack)
        await stage.open_all()
        await stage.act()
        await stage.fence()
        seen, expected = await found(stage), cells(SEES)
        for (what, column), ways in seen.items():
            with subtests.test(what=what, who=column):
                assert ways or column == "nobody"
                wrong = [way for way, sees in ways.items() if sees is not (expected[what][column] == "x")]
                assert wrong == []
        with subtests.test("nobody hears of the invisible one"):
            about = f'"user_id": {scene.people["unseen"].pk},'
            hears = [
                who
                for (who, where), socket in stage.sockets.items()
                if where == "online" and who != "unseen" and about in text_of(socket.seen)
            ]
            assert hears == []
        await check_counts(stage, subtests)
        await check_hiding(stage)


async def check_counts(stage: Stage, subtests: pytest.Subtests) -> None:
    """REST counts what it lists, and whatever way it is heard, the feed counts what it told."""
    hosts = f"/api/posts/{stage.names['hosts']}/"
    everyones = stage.api("friend").get(hosts).json()
    for column, person in stage.scene.people.items():
        api = stage.api(column)
        listed, shown = api.get(f"{hosts}comments/").json()["results"], api.get(hosts).json()
        with subtests.test("counts", who=column):
            assert shown["comment_count"] == len(listed)
            assert (shown["comment_count"] < everyones["comment_count"]) == (column in HIDDEN)
            assert ("wow" in shown["counts"]) == (column not in HIDDEN)
        ways = {since: await opening(stage.site, person, "feed", since) for since in stage.ways("feed")}
        for way, frames in {"live": stage.sockets[column, "feed"].seen, **ways}.items():
            with subtests.test("counts heard", who=column, way=way):
                assert_counts_are_of_what_was_told(frames)
                about = [frame for frame in frames if frame.get("post_id") == stage.names["hosts"]]
                [*_, comments] = [frame["comment_count"] for frame in about if "comment_count" in frame]
                [*_, reactions] = [frame["counts"] for frame in about if "counts" in frame]
                assert (comments, reactions) == (shown["comment_count"], shown["counts"])


async def check_hiding(stage: Stage) -> None:
    """Who turns invisible is offline for those who saw them, and nothing at all for the others."""
    subject, people = stage.scene.people["self"].pk, stage.scene.people
    await stage.status(stage.phone, "invisible")
    await stage.sockets["friend", "online"].until("user_offline", user_id=subject)
    await stage.status(stage.hosting, "online")
    for (column, channel), client in stage.sockets.items():
        if channel == "online":
            await through(client, '"status": "online"')
            left = [
                frame for frame in client.seen if frame.get("user_id") == subject and "last_seen" in frame
            ]
            assert len(left) == (cells(SEES)["that they are busy"][column] == "x"), column
            [state] = [
                frame
                for frame in await opening(stage.site, people[column], "online", "0")
                if frame["type"] == "presence_state"
            ]
            assert [user["user_id"] for user in state["users"] if user["user_id"] == subject] == []


# ── what is forbidden looks like what is missing ────────────────────────────────────────────


def answer(api: httpx.Client, what: str, names: dict[str, Any]) -> tuple[int, Any]:
    """Status and body; a cursor is the server's own, and tells of nothing."""
    method, path = what.format(**names).split(" ")
    path, _, query = path.partition("?")
    path = path if path.startswith("/upload") else f"/api{path}"
    body: Any = next((body for end, body in BODIES.items() if path.endswith(end)), {})
    name, _, value = query.partition("=")
    match name:
        case "with":
            body = {"member_ids": [int(value)]}
        case "to":
            body = {"to_user_id": int(value)}
        case "id":
            body = {"ids": [int(value)]}
        case "users":
            path = f"{path}?{query}"
    if method == "PATCH":
        body = {"title": "x"} if "chats" in path else {"content": "early-message"}
    done = api.request(method, path, json=None if method in ("GET", "DELETE") else body)
    said = done.json() if "json" in done.headers.get("content-type", "") else done.text
    if isinstance(said, dict):
        said.pop("cursor", None)
    return done.status_code, said


def test_what_is_forbidden_is_answered_as_what_is_missing(
    site: Site, scene: Scene, subtests: pytest.Subtests
) -> None:
    asked = scene.people["asked"].pk
    request, _ = site.run(request_send, sender=scene.people["self"], user_id=asked)
    real = {**scene.names, "request": request}
    missing = {name: f"/upload/files/{'0' * 32}.txt" if name == "file" else MISSING for name in real}
    apis = {column: site.api(scene.people.get(column)) for column in (*scene.people, "nobody")}
    for what, row in cells(ASKS).items():
        for column, cell in {**row, "nobody": "."}.items():
            if cell == "-":
                continue
            with subtests.test(what=what, who=column):
                got, none = (answer(apis[column], what, names) for names in (real, missing))
                if cell == "x":
                    assert got[0] < 300, got
                    assert got != none, "the test cannot tell the two apart"
                else:
                    said = json.dumps(none).replace(str(MISSING), str(scene.names["subject"]))
                    assert json.dumps(got) == said
                    assert column != "nobody" or got[0] == 401


async def refusal(site: Site, chat: object, **query: Any) -> tuple[int, str]:
    """Close code and all frames, without the number that was asked for."""
    async with site.connect(f"messages/{chat}", **query) as client:
        code = await client.closed()
        return code, text_of(client.seen).replace(str(chat), "N")


async def test_sockets_refuse_a_chat_of_others_as_one_that_is_missing(site: Site, scene: Scene) -> None:
    for name in ("group", "direct"):
        row = cells(SEES)["a group message now" if name == "group" else "a message to the barred before"]
        real = scene.names[name]
        for column, person in scene.people.items():
            if row[column] == "x":
                continue
            for since in (None, "0", scene.cursors[f"messages/{real}"]):
                query = {"token": site.token(person), "since": since}
                code, said = await refusal(site, real, **query)
                for nothing in (MISSING, NO_ID):
                    assert (code, said) == await refusal(site, nothing, **query)
                assert code == 4403
            async with site.connect("", token=site.token(person)) as client:
                refused = []
                for chat in (real, MISSING, NO_ID):
                    channel = f"messages/{chat}"
                    error = await client.command({"type": "subscribe", "channel": channel})
                    assert error.pop("ref")
                    refused.append(text_of(error).replace(str(chat), "N"))
                assert refused[0] == refused[1] == refused[2]
                assert '"forbidden"' in refused[0]


@pytest.mark.parametrize(("token", "code"), [(None, 4408), ("", 4401), ("x.y.z", 4401)])
async def test_nobody_gets_nothing(site: Site, scene: Scene, token: str | None, code: int) -> None:
    """Neither an existing channel nor a cursor of it makes a difference."""

    async def told(channel: str, since: str | None) -> tuple[int, str]:
        async with site.connect(channel, token=token, since=since) as client:
            return await client.closed(), text_of(client.seen)

    opened = [(channel, since) for channel, old in scene.cursors.items() for since in (None, "0", old)]
    expected = await told(f"messages/{MISSING}", None)
    assert expected[0] == code
    assert await asyncio.gather(*(told(*one) for one in opened)) == [expected] * len(opened)
