"""Fixtures of the browser tests; tests/conftest.py has the rest.

| fixture | lives for | what |
|---|---|---|
| `browser` | session | a headless Chromium |
| `windows` | test | opens windows; any error that a page logs fails the test |
| `enter` | test | `await enter(user, site.url)`: a Person, signed in in a window of their own |
| `alice`, `bob` | test | users Alice Adams and Bob Brown, strangers to each other |
| `demo` | test | the people of the demo data, on `fresh_site` |
| `gate` | test | a proxy before the module's `site`, which lets only some things through (see gate.py) |

The tests use Playwright's async interface, since the gate and the pages' events go on while a test
waits, and one event loop for all of them, since a browser belongs to the loop that started it.
A failed test leaves pictures and traces (`playwright show-trace`) in test-results/.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth import get_user_model
from playwright.async_api import Browser, async_playwright

from project.demo import fill
from project.welcome import DEMO_USERNAMES
from tests.browser import chromium
from tests.browser.gate import Gate, gate_to
from tests.browser.person import Enter, Person
from tests.browser.windows import Windows
from tests.harness.people import PASSWORD, People
from tests.harness.site import Site

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = ROOT / "test-results"
BUILT_PAGE = ROOT / "web" / "dist" / "index.html"

FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All browser tests run on one event loop."""
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remembers for `windows` whether the test failed."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests; each opens profiles of its own in it."""
    try:
        path = chromium.find()
    except chromium.NoBrowser as error:
        pytest.fail(str(error), pytrace=False)
    if not BUILT_PAGE.exists():
        pytest.fail("The page is not built. Type\n\n    make web", pytrace=False)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def windows(request: pytest.FixtureRequest, browser: Browser) -> AsyncIterator[Windows]:
    """Windows of this test, which fails when a page logs or throws an error that it did not expect."""
    folder = KEPT / request.node.nodeid.removeprefix("tests/browser/").replace("/", "-").replace("::", "-")
    windows = Windows(browser, folder)
    yield windows
    errors = windows.errors
    failed = request.node.stash.get(FAILED, False)
    await windows.close(keep=failed or bool(errors))
    if failed or errors:
        logger.warning("Pictures and traces are in %s", folder.relative_to(ROOT))
    assert not errors, "\n".join(["Pages logged errors:", *errors])


@pytest.fixture
def enter(windows: Windows) -> Enter:
    """Opens the page for somebody, who signs in and waits until it is live; options as of `Windows.page`."""

    async def enter(user: Any, url: str, *, password: str = PASSWORD, **options: Any) -> Person:
        person = Person(user, await windows.page(url, **options))
        await person.sign_in(password)
        await person.is_live()
        return person

    return enter


@pytest.fixture
def alice(people: People) -> Any:
    return people.user("alice", first_name="Alice", last_name="Adams")


@pytest.fixture
def bob(people: People) -> Any:
    return people.user("bob", first_name="Bob", last_name="Brown")


@pytest.fixture
def demo(fresh_site: Site) -> dict[str, Any]:
    """`fresh_site` with the demo data, and its people by username; their password is `DEMO_PASSWORD`."""
    fresh_site.run(fill)
    people = get_user_model().objects
    return {username: fresh_site.run(people.get, username=username) for username in DEMO_USERNAMES}


@pytest_asyncio.fixture(loop_scope="session")
async def gate(site: Site) -> AsyncIterator[Gate]:
    """A gate before the module's server."""
    async with gate_to(site) as gate:
        yield gate
