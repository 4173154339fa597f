"""What signing in and out means for open sockets, over a real server."""

from __future__ import annotations

from tests.harness.people import PASSWORD, People
from tests.harness.site import Site


def sign_in(site: Site, username: str) -> dict[str, str]:
    answer = site.api().post("/api/token/", json={"username": username, "password": PASSWORD})
    return answer.raise_for_status().json()


async def test_signing_out_closes_the_sockets_of_that_sign_in_alone(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    path = f"messages/{people.chat(alice, bob).pk}"
    phone, laptop = sign_in(site, alice.username), sign_in(site, alice.username)
    refreshed = site.api().post("/api/token/refresh/", json={"refresh": phone["refresh"]}).json()["access"]
    async with (
        site.connect(path, token=phone["access"]) as left,
        site.connect(path, token=refreshed) as left_too,
        site.connect(path, token=laptop["access"]) as stays,
    ):
        for client in (left, left_too, stays):
            await client.opened()
        assert site.api(phone["access"]).post("/api/logout/").status_code == 204
        assert await left.closed() == 4401
        assert await left_too.closed() == 4401
        await stays.barrier()
    async with site.connect(path, token=refreshed) as again:
        assert (await again.recv())["code"] == "token_revoked"
        assert await again.closed() == 4401
