from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command

from chat.models import Message
from chat.services import member_remove, message_tombstone
from tests.chat.conftest import Api, Group, Say

pytestmark = pytest.mark.usefixtures("sqlite_database")  # the rights themselves are tested on both


STRANGERS_TRIES: list[tuple[str, str, dict[str, Any]]] = [
    ("get", "/api/chats/{chat}/", {}),
    ("patch", "/api/chats/{chat}/", {"title": "x"}),
    ("post", "/api/chats/{chat}/members/", {"user_id": 1}),
    ("patch", "/api/chats/{chat}/members/{bob}/", {"role": "owner"}),
    ("delete", "/api/chats/{chat}/members/{bob}/", {}),
    ("get", "/api/chats/{chat}/messages/", {}),
    ("post", "/api/chats/{chat}/messages/", {"content": "x"}),
    ("patch", "/api/messages/{message}/", {"content": "x"}),
    ("delete", "/api/messages/{message}/", {}),
]


def test_strangers_get_the_same_404_whether_it_exists_or_not(
    group: Group, say: Say, api: Api, subtests: pytest.Subtests
) -> None:
    message = say(group.chat, group.bob)
    real = {"chat": group.chat.pk, "bob": group.bob.pk, "message": message.pk}
    missing = [real | {"chat": wrong, "message": wrong} for wrong in (10**9, 10**30, "abc", "0")]
    for method, path, body in STRANGERS_TRIES:
        with subtests.test(method=method, path=path):
            answers = [
                getattr(api(group.carol), method)(path.format(**names), body) for names in (real, *missing)
            ]
            assert [answer.status_code for answer in answers] == [404] * 5
            assert answers[0].json()["code"] in ("forbidden", "not_found")
            assert answers[1].json() == answers[0].json()  # well-formed, and there is none
    assert Message.objects.get().content == "hello"


def test_nobody_gets_401(group: Group, api: Api, subtests: pytest.Subtests) -> None:
    for method, path, body in STRANGERS_TRIES:
        with subtests.test(method=method, path=path):
            url = path.format(chat=group.chat.pk, bob=group.bob.pk, message=1)
            assert getattr(api(None), method)(url, body).status_code == 401


def test_removed_member_reads_nothing_more(group: Group, say: Say, api: Api) -> None:
    say(group.chat, group.alice)
    member_remove(chat=group.chat, actor=group.alice, user_id=group.bob.pk)
    assert api(group.bob).get(f"/api/chats/{group.chat.pk}/messages/").status_code == 404
    assert api(group.bob).get("/api/chats/").json()["results"] == []


def test_tombstone_is_gone_for_its_author_too(group: Group, say: Say, api: Api) -> None:
    message = say(group.chat, group.bob)
    message_tombstone(message=message)
    answer = api(group.bob).patch(f"/api/messages/{message.pk}/", {"content": "back"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert api(group.bob).delete(f"/api/messages/{message.pk}/").status_code == 204


def test_openapi_passes_its_own_validator(tmp_path: Any) -> None:
    target = tmp_path / "schema.yml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(target))
    assert "/api/chats/{chat_id}/messages/" in target.read_text()
