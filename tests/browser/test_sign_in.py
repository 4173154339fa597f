"""Signing in and out."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import expect

from tests.browser.person import Enter, Person
from tests.browser.windows import Windows
from tests.harness.site import Site

REFUSED = "the server responded with a status of 401"
UNREACHED = "net::ERR_"


async def test_a_wrong_password_is_said_and_the_right_one_then_works(
    windows: Windows, site: Site, alice: Any
) -> None:
    windows.expect_errors(REFUSED)
    person = Person(alice, await windows.page(site.url))
    await person.sign_in("not hers")
    await expect(person.page.get_by_role("alert")).to_contain_text("No active account")
    await expect(person.page.get_by_label("Username")).to_have_value(alice.username)
    await person.sign_in()
    await person.is_live()


async def test_a_server_that_is_away_is_said(windows: Windows, fresh_site: Site, alice: Any) -> None:
    windows.expect_errors(UNREACHED)
    person = Person(alice, await windows.page(fresh_site.url))
    await asyncio.to_thread(fresh_site.stop)
    await person.sign_in()
    await expect(person.page.get_by_role("alert")).to_contain_text("Kith can't be reached right now.")
    await asyncio.to_thread(fresh_site.start)
    await person.page.get_by_role("button", name="Sign in", exact=True).click()
    await person.is_live()


async def test_a_reload_stays_signed_in_and_signing_out_does_not(
    enter: Enter, site: Site, alice: Any
) -> None:
    person = await enter(alice, site.url)
    await person.page.reload()
    await person.is_live()
    await person.page.get_by_role("button", name="Alice Adams: Online").click()
    await person.page.get_by_role("menuitem", name="Sign out").click()
    await expect(person.page.get_by_role("form", name="Sign in")).to_be_visible()
    await person.page.reload()
    await expect(person.page.get_by_role("form", name="Sign in")).to_be_visible()


async def test_a_sign_in_that_the_server_ended_says_so(
    enter: Enter, windows: Windows, site: Site, alice: Any
) -> None:
    windows.expect_errors(REFUSED)
    person = await enter(alice, site.url)
    alice.is_active = False
    site.run(alice.save)
    await expect(person.page.get_by_text("You have been signed out.")).to_be_visible()
