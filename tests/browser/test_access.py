"""The page can be used by everybody: by keyboard, on a phone, by those who see little or listen."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, Page, expect

from project.welcome import DEMO_PASSWORD
from tests.browser.person import Enter, Person
from tests.browser.windows import PHONE, SIZE, Windows
from tests.harness.site import Site

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SERIOUS = ("serious", "critical")
STOPS = 60  # of the Tab key, until a test gives up
AXE = Axe()
STILL = "Promise.allSettled(document.getAnimations().map((animation) => animation.finished))"


async def nothing_serious(page: Page, view: str) -> None:
    """What axe finds in the view as it is now, wide and narrow, light and dark."""
    for size in (SIZE, PHONE):
        await page.set_viewport_size(size)
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            await page.evaluate(STILL)  # colours half way between light and dark have no contrast
            results = await AXE.run(page)
            found = [
                f"{rule['id']} ({rule['impact']}): {rule['help']}\n  "
                + "\n  ".join(node["html"] for node in rule["nodes"])
                for rule in results.response["violations"]
                if rule["impact"] in SERIOUS
            ]
            assert not found, "\n".join([f"{view}, {size['width']} px, {scheme}:", *found])
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{view} is {wide} px wider than {size['width']} px"
    await page.set_viewport_size(SIZE)


async def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until this has the focus."""
    for _ in range(STOPS):
        if await target.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"The Tab key does not lead to {target}")


async def test_axe_finds_nothing_serious_in_any_view(
    enter: Enter, windows: Windows, fresh_site: Site, demo: dict[str, Any]
) -> None:
    await nothing_serious(await windows.page(fresh_site.url), "The sign-in")
    alice = await enter(demo["alice"], fresh_site.url, password=DEMO_PASSWORD)
    page = alice.page
    await nothing_serious(page, "The chats")
    await alice.open_chat("Saturday hike")
    await alice.say("Bring water.")
    await expect(alice.message("Bring water.").get_by_text("Sent")).to_be_visible()
    await nothing_serious(page, "A chat")
    await page.get_by_role("button", name="Members").click()
    await nothing_serious(page, "The members of a chat")
    await page.get_by_role("button", name="Close").click()
    await alice.bell.click()
    await expect(page.get_by_role("dialog", name="Notifications").get_by_role("link").first).to_be_visible()
    await nothing_serious(page, "The notifications")
    await page.keyboard.press("Escape")
    await alice.go_to("Feed")
    await alice.posts.get_by_role("button", name="3 comments").first.click()
    await expect(page.get_by_role("list", name="Comments").get_by_role("article")).to_have_count(3)
    await nothing_serious(page, "The feed")
    await alice.go_to("People")
    await page.get_by_role("searchbox", name="Find people by name").fill("b")
    await expect(page.get_by_role("list", name="People found").get_by_role("listitem").first).to_be_visible()
    await nothing_serious(page, "The people")


async def test_one_signs_in_opens_a_chat_and_writes_by_keyboard_alone(
    windows: Windows, fresh_site: Site, demo: dict[str, Any]
) -> None:
    alice = Person(demo["alice"], await windows.page(fresh_site.url))
    keyboard = alice.page.keyboard
    await tab_to(alice.page, alice.page.get_by_label("Username"))
    await keyboard.type("alice")
    await tab_to(alice.page, alice.page.get_by_label("Password"))
    await keyboard.type(DEMO_PASSWORD)
    await keyboard.press("Enter")
    await alice.is_live()
    await tab_to(alice.page, alice.chats.filter(has_text="Book club"))
    await keyboard.press("Enter")
    await tab_to(alice.page, alice.box)
    await keyboard.type("I will bring bread.")
    await keyboard.press("Enter")
    await expect(alice.message("I will bring bread.").get_by_text("Sent")).to_be_visible()
    await tab_to(alice.page, alice.bell)
    await keyboard.press("Enter")
    await expect(alice.page.get_by_role("dialog", name="Notifications")).to_be_visible()
    await keyboard.press("Escape")
    await expect(alice.page.get_by_role("dialog", name="Notifications")).to_be_hidden()
    await expect(alice.bell).to_be_focused()


async def test_on_a_phone_one_goes_from_the_list_to_a_chat_and_back(
    enter: Enter, fresh_site: Site, demo: dict[str, Any]
) -> None:
    alice = await enter(demo["alice"], fresh_site.url, password=DEMO_PASSWORD, viewport=PHONE, has_touch=True)
    await expect(alice.page.get_by_role("log")).to_be_hidden()
    await alice.open_chat("Saturday hike")
    await expect(alice.chats).to_have_count(0)  # of those that are seen
    await alice.say("On my way")
    await expect(alice.message("On my way").get_by_text("Sent")).to_be_visible()
    await alice.page.get_by_role("link", name="All chats").click()
    await expect(alice.chats.filter(has_text="Saturday hike")).to_contain_text("You: On my way")
