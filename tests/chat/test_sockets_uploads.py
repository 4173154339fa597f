"""Uploads in chats: stored by REST, said by socket, read by whoever may read the message (PROTOCOL §8)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from django.conf import settings
from django.test import Client as DjangoClient

from chat.services import member_add, member_remove
from tests.chat.conftest import Group
from tests.harness.people import People
from tests.harness.site import Site
from tests.uploads.samples import JPEG, PDF, PNG, SVG, TEXT

PAGE = b"<!DOCTYPE html><script>fetch('/api/me/')</script>"


@pytest.fixture(autouse=True)
def on_both(site: Site) -> Site:
    """The database is that of a real server."""
    return site


def upload(api: httpx.Client, content: bytes) -> str:
    """The path that a message names."""
    stored = api.post("/api/uploads/", files={"file": ("page.html", content, "text/html")})
    attachment: str = stored.raise_for_status().json()["attachment"]
    return attachment


async def say(site: Site, chat_id: int, user: Any, attachment: str) -> int:
    """Name it in a message, by socket; the message's id."""
    async with site.open(f"messages/{chat_id}", user) as client:
        ack = await client.command({"type": "message", "content": "look", "attachment": attachment})
        assert ack["type"] == "ack", ack
        message_id: int = ack["message_id"]
        return message_id


def status(site: Site, user: Any, path: str) -> int:
    return site.api(user).get(path).status_code


async def test_upload_is_read_by_whoever_may_read_its_message(site: Site, group: Group) -> None:
    api = site.api(group.bob)
    path = upload(api, PNG)
    assert [status(site, user, path) for user in (group.bob, group.alice, group.carol)] == [200, 404, 404]
    async with site.open(f"messages/{group.chat.pk}", group.alice) as alice:
        message_id = await say(site, group.chat.pk, group.bob, path)
        told = (await alice.until("new_message"))["attachment"]
    assert told == path
    assert site.api(group.alice).get(told).content == PNG
    assert [status(site, user, path) for user in (group.carol, None)] == [404, 401]
    api.delete(f"/api/messages/{message_id}/").raise_for_status()
    assert [status(site, user, path) for user in (group.bob, group.alice)] == [200, 404]


async def test_removed_member_reads_it_no_more(site: Site, group: Group) -> None:
    path = upload(site.api(group.alice), PNG)
    await say(site, group.chat.pk, group.alice, path)
    assert status(site, group.bob, path) == 200
    site.run(member_remove, chat=group.chat, actor=group.alice, user_id=group.bob.pk)
    assert status(site, group.bob, path) == 404


@pytest.mark.parametrize(("history", "seen"), [("joined", 404), ("all", 200)])
async def test_newcomer_reads_what_a_newcomer_may_see(
    site: Site, group: Group, people: People, history: str, seen: int
) -> None:
    chat = people.chat(group.alice, history=history)
    before, after = (upload(site.api(group.alice), PNG) for _ in range(2))
    await say(site, chat.pk, group.alice, before)
    site.run(member_add, chat=chat, actor=group.alice, user_id=group.carol.pk)
    await say(site, chat.pk, group.alice, after)
    assert [status(site, group.carol, path) for path in (before, after)] == [seen, 200]


async def test_session_reads_it_as_a_token_does(site: Site, group: Group) -> None:
    path = upload(site.api(group.alice), PNG)
    await say(site, group.chat.pk, group.alice, path)

    def session_of(user: Any) -> str:
        browser = DjangoClient()
        browser.force_login(user)
        return browser.cookies[settings.SESSION_COOKIE_NAME].value

    for user, expected in ((group.bob, 200), (group.carol, 404)):
        browser = site.api()
        browser.cookies.set(settings.SESSION_COOKIE_NAME, site.run(session_of, user))
        assert browser.get(path).status_code == expected


@pytest.mark.parametrize(
    ("content", "kind", "disposition"),
    [
        (PNG, "image/png", "inline"),
        (JPEG + PAGE, "image/jpeg", "inline"),
        (PDF + PAGE, "application/pdf", "attachment"),
        (TEXT + PAGE, "text/plain; charset=utf-8", "attachment"),
    ],
)
async def test_upload_is_never_a_page_whatever_it_is_called(
    site: Site, group: Group, content: bytes, kind: str, disposition: str
) -> None:
    path = upload(site.api(group.alice), content)
    await say(site, group.chat.pk, group.alice, path)
    answer = site.api(group.bob).get(path)
    assert answer.content == content
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Disposition"].partition(";")[0] == disposition
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "html" not in path


@pytest.mark.parametrize(
    "content", [PAGE, SVG, b"", b"\x7fELF\x02\x01\x01"], ids=["page", "svg", "empty", "program"]
)
async def test_page_or_program_is_not_taken_as_an_image(site: Site, group: Group, content: bytes) -> None:
    answer = site.api(group.bob).post("/api/uploads/", files={"file": ("a.png", content, "image/png")})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        400,
        "invalid_message",
        "file",
    )
