"""Where WebSockets do not get through, the same conversation goes on by other ways, and back."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import expect

from tests.browser.gate import EVERYTHING, POLL, STREAM, WEBSOCKET, Gate
from tests.browser.person import Enter
from tests.browser.windows import Windows
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.waiting import eventually

BLOCKED = ("WebSocket connection to", "net::ERR_", "the server responded with a status of 403")


async def passes(gate: Gate, kind: Any, before: int) -> None:
    """Wait until the gate has let one more of this kind through."""

    async def more() -> bool:
        return gate.passed(kind) > before

    await eventually(more, within=40, what=f"a {kind} to pass the gate")


async def test_a_conversation_goes_on_by_events_by_polls_and_by_socket_again(
    enter: Enter, windows: Windows, gate: Gate, site: Site, people: People, alice: Any, bob: Any
) -> None:
    windows.expect_errors(*BLOCKED)
    people.chat(alice, bob, title="Lunch")
    gate.refuse(WEBSOCKET)
    one, other = await asyncio.gather(enter(alice, gate.url), enter(bob, site.url))
    await asyncio.gather(one.open_chat("Lunch"), other.open_chat("Lunch"))
    await passes(gate, STREAM, 0)
    await one.say("By events")
    await other.sees("By events")
    await one.box.press_sequentially("…")
    await expect(other.typing).to_have_text("Alice Adams is typing…")
    await one.box.clear()

    polls = gate.passed(POLL)
    gate.hold(STREAM)
    await other.say("Said in between")
    await other.sees("By events", "Said in between")
    await passes(gate, POLL, polls)
    await one.say("By polls")
    await one.sees("By events", "Said in between", "By polls")
    await other.sees("By events", "Said in between", "By polls")

    sockets = gate.passed(WEBSOCKET)
    gate.refuse(*EVERYTHING)
    await one.page.context.set_offline(True)
    await expect(one.link).to_have_text("You are offline")
    await other.say("Said in the dark")
    gate.open()
    await one.page.context.set_offline(False)
    await passes(gate, WEBSOCKET, sockets)
    await one.say("By socket")
    said = ("By events", "Said in between", "By polls", "Said in the dark", "By socket")
    await asyncio.gather(one.sees(*said), other.sees(*said))
