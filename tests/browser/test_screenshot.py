"""The picture of the page in the README: made by each run, kept by `make screenshot`."""

from __future__ import annotations

import asyncio
import os
import re
import struct
from typing import Any

from playwright.async_api import expect

from project.welcome import DEMO_PASSWORD, DEMO_USERNAMES
from tests.browser.person import Enter
from tests.browser.windows import SIZE
from tests.harness.site import Site

BYTES = 300_000  # of a picture that everybody who opens the README loads
SCALE = 1.5  # pixels of the picture for one of the page


async def test_the_picture_of_a_lively_conversation(
    enter: Enter, fresh_site: Site, demo: dict[str, Any]
) -> None:
    alice, bob, carol, _ = await asyncio.gather(
        *(
            enter(demo[name], fresh_site.url, password=DEMO_PASSWORD, device_scale_factor=SCALE)
            for name in DEMO_USERNAMES
        )
    )
    await asyncio.gather(*(person.open_chat("Saturday hike") for person in (alice, bob, carol)))
    for person, text, emoji in ((bob, "You are the best.", "Heart"), (carol, "I will carry coffee", "Party")):
        await person.message(text).hover()
        await (
            person.log.get_by_role("listitem")
            .filter(has_text=text)
            .get_by_role("button", name="React")
            .click()
        )
        await person.page.get_by_role("menuitem", name=emoji).click()
        await expect(alice.message(text).get_by_role("list", name="Reactions")).to_be_visible()
    await carol.say("See you there!")
    await carol.go_to("Feed")
    post = carol.posts.filter(has_text="The ridge is dry")
    await post.get_by_role("button", name="3 comments").click()
    await post.get_by_role("textbox", name="Comment").fill("Ice cream it is.")
    await post.get_by_role("textbox", name="Comment").press("Enter")
    await expect(alice.bell).to_have_accessible_name(re.compile("unread"))
    await bob.box.press_sequentially("Shall I bring", delay=20)
    await expect(alice.typing).to_have_text("Bob Bellamy is typing…")
    for name in ("Bob", "Carol", "Dave"):
        await expect(alice.online).to_contain_text(name)

    await alice.toasts.get_by_role("button", name="Dismiss").click()
    await alice.log.hover()

    picture = await alice.page.screenshot(path=os.environ.get("SCREENSHOT"))
    assert struct.unpack(">II", picture[16:24]) == (SIZE["width"] * SCALE, SIZE["height"] * SCALE)
    assert len(picture) < BYTES
