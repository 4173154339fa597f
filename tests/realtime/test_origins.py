"""Which pages may open sockets: the only refusal before a socket is accepted (PROTOCOL §2)."""

from __future__ import annotations

import pytest
from django.test import Client as DjangoClient
from websockets.exceptions import InvalidStatus

from tests.harness.client import Client
from tests.harness.people import People
from tests.harness.site import Site

ALLOWED = "https://app.example.org"


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_ALLOWED_ORIGINS": f"{ALLOWED}, http://localhost:3000"}


async def is_nobody(client: Client) -> bool:
    """Whether the socket was opened without a sign-in: any frame is refused then."""
    await client.send({"type": "ping"})
    return await client.closed() == 4401 and client.seen[0]["code"] == "token_missing"


FOREIGN = [
    "https://evil.example",
    "https://app.example.org.evil.example",
    "https://evil.example/https://app.example.org",
    "http://app.example.org",
    "https://app.example.org:8443",
    "http://localhost:3001",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "null",
    "",
    "*",
    "https://",
    "http://127.0.0.1:999999",
    "http://[",
]


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_page_is_refused_in_the_handshake(site: Site, people: People, origin: str) -> None:
    token = site.token(people.user("alice"))
    for path in ("", "messages", "messages/1", "no/such/channel"):
        with pytest.raises(InvalidStatus) as refused:
            async with site.connect(path, token=token, headers={"Origin": origin}):
                pass
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "origin",
    [ALLOWED, "https://APP.example.org", "https://app.example.org:443", "http://localhost:3000"],
)
async def test_a_page_that_the_setting_names_may_come(site: Site, people: People, origin: str) -> None:
    async with site.connect(token=site.token(people.user("alice")), origin=origin) as client:
        await client.until("connected")


async def test_the_host_itself_and_who_sends_no_origin_may_come(site: Site, people: People) -> None:
    token = site.token(people.user("alice"))
    for origin in (site.url, site.url.upper(), site.url.replace("http:", "https:"), None):
        async with site.connect(token=token, origin=origin) as client:
            await client.until("connected")


async def test_the_cookie_counts_on_the_hosts_own_page_only(site: Site, people: People) -> None:
    browser = DjangoClient()
    site.run(browser.force_login, people.user("alice"))
    cookie = {"Cookie": f"sessionid={browser.cookies['sessionid'].value}"}
    async with site.connect(headers=cookie, origin=site.url) as client:
        await client.until("connected")
    for origin in (ALLOWED, None):
        async with site.connect(headers=cookie, origin=origin) as client:
            assert await is_nobody(client)


async def test_a_cookie_header_that_makes_no_sense_is_no_cookie(site: Site) -> None:
    for cookie in ("sessionid", "=;=;", "sessionid=\xff; \x80", "a" * 4000, '"'):
        async with site.connect(headers={"Cookie": cookie}, origin=site.url) as client:
            assert await is_nobody(client)
