"""Ties, presence, posts and notifications, as two people see them."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from playwright.async_api import expect

from tests.browser.person import Enter
from tests.harness.people import People
from tests.harness.site import Site


async def test_a_request_is_made_seen_and_accepted(enter: Enter, site: Site, alice: Any, bob: Any) -> None:
    asker, asked = await asyncio.gather(enter(alice, site.url), enter(bob, site.url))
    await asker.go_to("People")
    await asked.go_to("People")
    await asker.page.get_by_role("searchbox", name="Find people by name").fill(bob.username)
    await asker.page.get_by_role("button", name="Connect Bob Brown").click()
    await expect(asker.page.get_by_role("list", name="Sent requests")).to_contain_text("Bob Brown")

    navigation = asked.page.get_by_role("navigation", name="Main")
    await expect(navigation.get_by_role("link", name="People")).to_contain_text("1 waiting for your answer")
    await expect(asked.toasts).to_contain_text("Alice Adams would like to connect with you")
    await (
        asked.page.get_by_role("list", name="Requests", exact=True)
        .get_by_role("button", name="Accept Alice Adams")
        .click()
    )

    for one, other in ((asker, asked), (asked, asker)):
        ties = one.page.get_by_role("list", name="Connections")
        await expect(ties).to_contain_text(other.name)
        await expect(one.online).to_contain_text(other.name)
    await expect(asker.toasts).to_contain_text("Bob Brown is connected with you now")
    await expect(navigation.get_by_role("link", name="People")).not_to_contain_text("waiting")


async def test_who_comes_and_goes_is_seen(
    enter: Enter, site: Site, people: People, alice: Any, bob: Any
) -> None:
    people.connect(alice, bob)
    here = await enter(alice, site.url)
    await expect(here.online).to_contain_text("Nobody else right now")
    there = await enter(bob, site.url)
    await expect(here.online).to_contain_text("Bob Brown Online", use_inner_text=True)
    await there.page.get_by_role("button", name="Bob Brown: Online").click()
    await there.page.get_by_role("menuitemradio", name="Busy").click()
    await expect(here.online).to_contain_text("Busy")
    await there.page.close()
    await expect(here.online).to_contain_text("Nobody else right now")


async def test_a_post_appears_and_a_comment_on_it_is_notified(
    enter: Enter, site: Site, people: People, alice: Any, bob: Any
) -> None:
    people.connect(alice, bob)
    author, reader = await asyncio.gather(enter(alice, site.url), enter(bob, site.url))
    await asyncio.gather(author.go_to("Feed"), reader.go_to("Feed"))
    await author.post("The soup is ready.")
    post = reader.posts.filter(has_text="The soup is ready.")
    await expect(post).to_have_count(1)
    await expect(author.posts).to_have_count(1)

    await author.go_to("Chats")
    await post.get_by_role("button", name="Comment").click()
    await post.get_by_role("textbox", name="Comment").fill("On my way!")
    await post.get_by_role("textbox", name="Comment").press("Enter")
    await expect(author.toasts).to_contain_text("Bob Brown commented on your post")
    await expect(author.bell).to_have_accessible_name("Notifications, 1 unread")
    await expect(author.page).to_have_title(re.compile(r"^\(1\) "))

    await author.bell.click()
    await author.page.get_by_role("list", name="Notifications").get_by_role("link").click()
    comments = author.posts.get_by_role("list", name="Comments")
    await expect(comments.get_by_role("article", name="Bob Brown")).to_contain_text("On my way!")
    await expect(author.bell).to_have_accessible_name("Notifications")


async def test_reactions_to_a_post_are_counted_for_both(
    enter: Enter, site: Site, people: People, alice: Any, bob: Any
) -> None:
    people.connect(alice, bob)
    author, reader = await asyncio.gather(enter(alice, site.url), enter(bob, site.url))
    await asyncio.gather(author.go_to("Feed"), reader.go_to("Feed"))
    await author.post("The soup is ready.")
    await reader.posts.get_by_role("button", name="React").click()
    await reader.page.get_by_role("menuitemradio", name="Love").click()
    await expect(author.posts.get_by_role("button", name="Love, 1")).to_be_visible()
    await author.posts.get_by_role("button", name="Love, 1").click()
    await expect(reader.posts.get_by_role("button", name="Love, 2")).to_be_visible()
    await reader.posts.get_by_role("button", name="Love, 2").click()
    await expect(author.posts.get_by_role("button", name="Love, 1")).to_be_visible()
