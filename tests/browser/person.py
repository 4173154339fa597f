"""A person at the page: what they do there, and where they look, by role and text.

    alice = await enter(user, site.url)         a window of their own, signed in
    await alice.open_chat("Lunch")
    await alice.say("Soup?")
    await bob.sees("Soup?", "Yes")              this and nothing else was said, in this order
    await expect(bob.typing).to_have_text("Alice Adams is typing…")

Everything else is done with ``alice.page``.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.windows import WITHIN_S
from tests.harness.people import PASSWORD

Enter = Callable[..., Awaitable["Person"]]  # the fixture `enter`


class Person:
    """Somebody with one page open."""

    def __init__(self, user: Any, page: Page) -> None:
        self.user = user
        self.page = page

    @property
    def name(self) -> str:
        """What others call them."""
        return str(self.user.get_full_name())

    @property
    def link(self) -> Locator:
        """What the page says of its link."""
        return self.page.get_by_role("banner").get_by_role("status")

    @property
    def log(self) -> Locator:
        """The open chat."""
        return self.page.get_by_role("log", name="Messages")

    @property
    def messages(self) -> Locator:
        """What was said in the open chat, and below it what waits to be sent."""
        return self.log.get_by_role("article")

    @property
    def typing(self) -> Locator:
        """Who writes in the open chat."""
        return self.page.get_by_role("status", name="Typing")

    @property
    def box(self) -> Locator:
        """Where one writes."""
        return self.page.get_by_role("textbox", name="Message", exact=True)

    @property
    def chats(self) -> Locator:
        """The entries of the list of chats."""
        return self.page.get_by_role("list", name="Chats").get_by_role("link")

    @property
    def posts(self) -> Locator:
        """The posts of the feed, the newest first."""
        return self.page.get_by_role("feed", name="Posts").locator("> article")

    @property
    def online(self) -> Locator:
        """Who is said to be there."""
        return self.page.get_by_role("region", name="Online now").first

    @property
    def bell(self) -> Locator:
        """The button that tells how many notifications are unread."""
        return self.page.get_by_role("banner").get_by_role("button", name=re.compile("^Notifications"))

    @property
    def toasts(self) -> Locator:
        """What is said in passing."""
        return self.page.get_by_role("region", name="Messages from Kith")

    def message(self, text: str) -> Locator:
        """What was said in these words."""
        return self.messages.filter(has_text=text)

    async def sign_in(self, password: str = PASSWORD) -> None:
        """Fill the form in and send it."""
        await self.page.get_by_label("Username").fill(self.user.username)
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name="Sign in", exact=True).click()

    async def is_live(self, *, within_s: float = WITHIN_S) -> None:
        """Wait until the page says so."""
        await expect(self.link).to_have_text("Live", timeout=within_s * 1000)

    async def go_to(self, view: str) -> None:
        """`Chats`, `Feed` or `People`."""
        navigation = self.page.get_by_role("navigation", name="Main")
        await navigation.get_by_role("link", name=re.compile(f"^{view}")).click()
        await expect(self.page.get_by_role("heading", name=view, exact=True)).to_be_visible()

    async def open_chat(self, title: str) -> None:
        """Open the chat of this name from the list."""
        await self.chats.filter(has_text=title).click()
        await expect(self.box).to_be_visible()

    async def say(self, *texts: str) -> None:
        """Write these in the open chat, one message each, and send them."""
        for text in texts:
            await self.box.fill(text)
            await self.box.press("Enter")

    async def sees(self, *texts: str) -> None:
        """Wait until the open chat shows these messages, each once, in this order, and no other."""
        await expect(self.messages).to_have_text([re.compile(re.escape(text)) for text in texts])

    async def post(self, text: str) -> None:
        """Write a post; the feed is open."""
        await self.page.get_by_role("textbox", name="What is new?").fill(text)
        await self.page.get_by_role("button", name="Post", exact=True).click()
