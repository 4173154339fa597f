"""Two people in a chat: what one does, the other sees, without a reload."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest_asyncio
from playwright.async_api import FilePayload, expect

from tests.browser.person import Enter, Person
from tests.browser.windows import Windows
from tests.harness.people import People
from tests.harness.site import Site

MARKUP = "<img src=x onerror=alert(1)>"
KEY_MS = 60  # between two keys
SLOW_UPLOAD = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 20_000}

Pair = tuple[Person, Person]


@pytest_asyncio.fixture(loop_scope="session")
async def pair(enter: Enter, site: Site, people: People, alice: Any, bob: Any) -> Pair:
    """Alice and Bob, both with the chat `Lunch` open."""
    people.chat(alice, bob, title="Lunch")
    one, other = await asyncio.gather(enter(alice, site.url), enter(bob, site.url))
    await asyncio.gather(one.open_chat("Lunch"), other.open_chat("Lunch"))
    return one, other


async def test_a_conversation_is_seen_by_both_in_one_order(pair: Pair) -> None:
    alice, bob = pair
    await alice.say("Soup?")
    await bob.sees("Soup?")
    await bob.say("Yes, at noon.", "Where?")
    await alice.sees("Soup?", "Yes, at noon.", "Where?")
    await expect(alice.message("Yes, at noon.")).to_have_accessible_name("Bob Brown")
    await expect(alice.message("Soup?")).to_have_accessible_name("You")


async def test_one_sees_the_other_typing_until_they_send_or_stop(pair: Pair) -> None:
    alice, bob = pair
    await alice.say("Lunch?")
    # Then Bob's page is on the chat's channel: who comes later has missed the signal, which nobody repeats.
    await expect(alice.message("Lunch?").get_by_text("Read", exact=True)).to_be_visible()
    await alice.box.press_sequentially("Soup", delay=KEY_MS)
    await expect(bob.typing).to_have_text("Alice Adams is typing…")
    await alice.box.press("Enter")
    await bob.sees("Lunch?", "Soup")
    await expect(bob.typing).to_have_text("")
    await alice.box.press_sequentially("Or", delay=KEY_MS)
    await expect(bob.typing).to_have_text("Alice Adams is typing…")
    await alice.box.clear()
    await expect(bob.typing).to_have_text("")
    await expect(alice.typing).to_have_text("")


async def test_ticks_tell_sent_from_read(pair: Pair) -> None:
    alice, bob = pair
    await bob.go_to("Feed")
    await alice.say("Soup?")
    await expect(alice.message("Soup?").get_by_text("Sent")).to_be_visible()
    await bob.go_to("Chats")
    await expect(bob.chats.filter(has_text="Lunch")).to_contain_text("1 unread")
    await expect(alice.message("Soup?").get_by_text("Sent")).to_be_visible()
    await bob.open_chat("Lunch")
    await expect(alice.message("Soup?").get_by_text("Read", exact=True)).to_be_visible()
    await expect(bob.chats.filter(has_text="Lunch")).not_to_contain_text("unread")


async def test_reactions_edits_and_deletions_are_seen_at_once(pair: Pair) -> None:
    alice, bob = pair
    await alice.say("Soop?")
    await bob.message("Soop?").hover()
    await bob.log.get_by_role("button", name="React", exact=True).click()
    await bob.page.get_by_role("menuitem", name="Heart").click()
    await expect(alice.message("Soop?").get_by_role("button", name="❤️ 1")).to_be_visible()

    await alice.box.press("ArrowUp")
    editor = alice.page.get_by_role("textbox", name="Edit message")
    await editor.fill("Soup?")
    await editor.press("Enter")
    await expect(bob.message("Soup?").get_by_text("Edited")).to_be_visible()

    await alice.message("Soup?").hover()
    await alice.log.get_by_role("button", name="More actions").click()
    await alice.page.get_by_role("menuitem", name="Delete").click()
    await alice.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    await bob.sees("Message deleted")


async def test_an_attachment_is_previewed_its_upload_watched_and_seen_by_the_other(pair: Pair) -> None:
    alice, bob = pair
    picture = FilePayload(name="menu.png", mimeType="image/png", buffer=await alice.page.screenshot())
    wire = await alice.page.context.new_cdp_session(alice.page)
    await wire.send("Network.emulateNetworkConditions", SLOW_UPLOAD)
    async with alice.page.expect_file_chooser() as choosing:
        await alice.page.get_by_role("button", name="Attach a file").click()
    await (await choosing.value).set_files(picture)
    await expect(alice.page.get_by_role("progressbar", name="Uploading menu.png")).to_be_visible()
    await wire.send("Network.emulateNetworkConditions", SLOW_UPLOAD | {"uploadThroughput": -1})
    await expect(alice.page.get_by_text("ready to send")).to_be_visible()
    await alice.say("The menu")
    await expect(bob.message("The menu").get_by_role("img")).to_be_visible()


async def test_markup_is_shown_as_the_text_that_it_is(pair: Pair, windows: Windows) -> None:
    alice, bob = pair
    await alice.say(MARKUP)
    await bob.sees(MARKUP)
    for person in pair:
        await expect(person.log.get_by_role("img")).to_have_count(0)
        await expect(person.chats.filter(has_text="Lunch")).to_contain_text(MARKUP)
    assert windows.errors == []  # no alert was opened
