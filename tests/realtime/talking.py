"""Chats as the tests of the core use them: saying things as any code does, and reading back the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

from django.db import transaction

from chat.models import Chat, Message
from realtime import topics
from realtime.models import LoggedEvent


def say(chat: Chat, sender: Any, *contents: str) -> list[int]:
    """Save messages one by one, outside the services; their ids."""
    return [Message.objects.create(chat=chat, sender=sender, content=content).pk for content in contents]


def say_together(chat: Chat, sender: Any, *contents: str) -> list[int]:
    """The same in one transaction."""
    with transaction.atomic():
        return say(chat, sender, *contents)


def logged(chat: Chat) -> list[dict[str, Any]]:
    """The frames of the chat's log in order of seq, each with its ``id`` and ``seq``."""
    rows = LoggedEvent.objects.filter(topic=topics.chat(chat.pk).name).order_by("seq")
    found = rows.values_list("seq", "event_id", "body")
    return [{"seq": seq, "id": event_id, **json.loads(body)} for seq, event_id, body in found]


def said(chat: Chat) -> list[str]:
    """What was said, in the order of the log."""
    return [frame["content"] for frame in logged(chat) if frame["type"] == "new_message"]


def assert_in_order(chat: Chat) -> None:
    """No hole, none twice, ids grow with seq."""
    frames = logged(chat)
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    ids = [frame["id"] for frame in frames]
    assert ids == sorted(set(ids))


@contextmanager
def left_open(work: Callable[[], object]) -> Iterator[Future[None]]:
    """A transaction of another connection that did ``work`` and commits when the block ends.

    On PostgreSQL; on SQLite nobody else could write meanwhile.
    """
    done, end = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                work()
                done.set()
                assert end.wait(20)
        finally:
            done.set()

    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(hold)
        assert done.wait(20)
        try:
            yield future
        finally:
            end.set()
    future.result()
