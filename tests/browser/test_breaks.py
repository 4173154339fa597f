"""The network breaks and the server goes away: what was written arrives, once and in order."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from playwright.async_api import expect

from tests.browser.gate import API, LIVE, WEBSOCKET, Gate
from tests.browser.person import Enter, Person
from tests.browser.windows import Windows
from tests.harness.people import People
from tests.harness.site import Site

UNREACHED = ("net::ERR_", "WebSocket connection to", "the server responded with a status of 403")
SENDING = re.compile("Sending…|Waiting for the connection")
WAITING = "Waiting for the connection"
RETRY_S = 40  # the longest wait before a try is 30 s
TOO_LONG = "x" * 10_241


async def talkers(enter: Enter, people: People, *places: tuple[Any, str]) -> list[Person]:
    """Each user at this URL, with the same chat open."""
    people.chat(*(user for user, _ in places), title="Lunch")
    persons = await asyncio.gather(*(enter(user, url) for user, url in places))
    await asyncio.gather(*(person.open_chat("Lunch") for person in persons))
    return list(persons)


async def order_of(person: Person, *texts: str) -> list[str]:
    """In which order the open chat shows these, each of which it shows once."""
    shown = await person.messages.all_inner_texts()
    lines = [line for text in shown for line in text.splitlines() if line in texts]
    assert sorted(lines) == sorted(texts)
    return lines


async def test_what_is_said_while_the_server_is_down_arrives_once_and_in_order(
    enter: Enter, windows: Windows, fresh_site: Site, people: People, alice: Any, bob: Any
) -> None:
    windows.expect_errors(*UNREACHED)
    one, other = await talkers(enter, people, (alice, fresh_site.url), (bob, fresh_site.url))
    await one.say("Before")
    await other.sees("Before")
    await asyncio.to_thread(fresh_site.kill)
    await one.say("A1", "A2", "A3")
    await other.say("B1", "B2")
    await expect(one.messages.filter(has_text=WAITING)).to_have_count(3)
    await expect(one.link).to_have_text("Reconnecting…")
    await asyncio.to_thread(fresh_site.start)
    await one.page.get_by_role("button", name="Try now").click()
    await one.is_live()
    await other.is_live(within_s=RETRY_S)
    everything = ("Before", "A1", "A2", "A3", "B1", "B2")
    for person in (one, other):
        await expect(person.messages).to_have_count(len(everything))
        await expect(person.messages.filter(has_text=WAITING)).to_have_count(0)
    order = await order_of(one, *everything)
    assert order == await order_of(other, *everything)
    assert [text for text in order if text.startswith("A")] == ["A1", "A2", "A3"]
    assert [text for text in order if text.startswith("B")] == ["Before", "B1", "B2"]
    await one.say("After")
    for person in (one, other):
        await person.sees(*order, "After")


async def test_messages_written_offline_outlive_a_reload(
    enter: Enter, windows: Windows, gate: Gate, site: Site, people: People, alice: Any, bob: Any
) -> None:
    windows.expect_errors(*UNREACHED)
    one, other = await talkers(enter, people, (alice, gate.url), (bob, site.url))
    gate.refuse(*LIVE, API)
    await one.say("First", "Second", "Third")
    await expect(one.messages.filter(has_text=WAITING)).to_have_count(3)
    await one.page.reload()
    await one.sees("First", "Second", "Third")
    await expect(one.messages.filter(has_text=WAITING)).to_have_count(3)
    gate.open()
    await other.sees("First", "Second", "Third")
    await other.say("All three")
    await one.sees("First", "Second", "Third", "All three")
    await other.sees("First", "Second", "Third", "All three")


async def test_a_message_whose_ack_was_lost_is_there_once(
    enter: Enter, windows: Windows, gate: Gate, site: Site, people: People, alice: Any, bob: Any
) -> None:
    windows.expect_errors(*UNREACHED)
    one, other = await talkers(enter, people, (alice, gate.url), (bob, site.url))
    await one.say("Hello")
    await asyncio.gather(one.sees("Hello"), other.sees("Hello"))
    # So its ack has come as well, which the next message waits for.
    await expect(one.message("Hello").get_by_text("Read", exact=True)).to_be_visible()
    gate.mute(WEBSOCKET)
    await one.say("Once")
    await other.sees("Hello", "Once")
    await one.say("And again")
    await expect(one.messages.filter(has_text=SENDING)).to_have_count(2)
    gate.refuse(WEBSOCKET)
    gate.open()
    await one.sees("Hello", "Once", "And again")
    await expect(one.messages.filter(has_text=SENDING)).to_have_count(0)
    await other.say("I heard you")
    for person in (one, other):
        await person.sees("Hello", "Once", "And again", "I heard you")


async def test_a_tab_without_network_says_so_and_catches_up(
    enter: Enter, windows: Windows, gate: Gate, site: Site, people: People, alice: Any, bob: Any
) -> None:
    windows.expect_errors(*UNREACHED)
    one, other = await talkers(enter, people, (alice, gate.url), (bob, site.url))
    await one.page.context.set_offline(True)
    gate.refuse(*LIVE, API)  # Chromium's own switch leaves open sockets alone
    await expect(one.link).to_have_text("You are offline")
    await one.say("Are you there?")
    await other.say("Hello?")
    gate.open()
    await one.page.context.set_offline(False)
    await one.is_live()
    await expect(other.message("Are you there?")).to_be_visible()
    await one.sees("Hello?", "Are you there?")
    await other.sees("Hello?", "Are you there?")


async def test_what_is_refused_can_be_discarded_and_holds_up_nothing(
    enter: Enter, site: Site, people: People, alice: Any, bob: Any
) -> None:
    one, other = await talkers(enter, people, (alice, site.url), (bob, site.url))
    await one.say(TOO_LONG, "Short")
    await other.sees("Short")
    failed = one.messages.filter(has_text="Not sent")
    await expect(failed.get_by_role("alert")).to_be_visible()
    await failed.get_by_role("button", name="Retry").click()
    await expect(failed.get_by_role("alert")).to_be_visible()
    await failed.get_by_role("button", name="Discard").click()
    await one.sees("Short")
