"""Uploads over a real server, whose streams are not those of Django's test client."""

from __future__ import annotations

import os

from tests.harness.people import People
from tests.harness.site import Site
from tests.uploads.samples import PNG


def test_a_file_goes_to_the_server_and_back_whole_and_in_parts(site: Site, people: People) -> None:
    api = site.api(people.user("alice"))
    content = PNG + os.urandom(1_000_000)
    path = api.post("/api/uploads/", files={"file": content}).raise_for_status().json()["attachment"]
    assert api.get(path).content == content
    part = api.get(path, headers={"Range": "bytes=100-299999"})
    assert (part.status_code, part.content) == (206, content[100:300_000])
    head = api.head(path)
    assert (head.headers["Content-Length"], head.content) == (str(len(content)), b"")


def test_who_may_read_a_message_may_read_its_attachment(site: Site, people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    chat = people.chat(alice, bob)
    api = site.api(alice)
    path = api.post("/api/uploads/", files={"file": PNG}).json()["attachment"]
    assert site.api(bob).get(path).status_code == 404
    said = api.post(f"/api/chats/{chat.pk}/messages/", json={"content": "look", "attachment": path})
    assert said.status_code == 201
    assert site.api(bob).get(path).content == PNG
    assert site.api(carol).get(path).status_code == 404
    api.delete(f"/api/messages/{said.json()['id']}/").raise_for_status()
    assert site.api(bob).get(path).status_code == 404
