"""`notification_created`, on which a project hangs its e-mail and web push."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from notifications.models import Notification
from notifications.services import making, notifications_withdraw
from notifications.signals import notification_created
from tests.notifications.conftest import Trio, achieve, like

Sent = list[dict[str, Any]]


@pytest.fixture
def sent() -> Iterator[Sent]:
    """What was sent, and whether inside a transaction."""
    sent: Sent = []

    def receive(sender: Any, signal: Any, **kwargs: Any) -> None:
        sent.append({"sender": sender, "inside": connection.in_atomic_block, **kwargs})

    notification_created.connect(receive)
    yield sent
    notification_created.disconnect(receive)


@pytest.mark.parametrize("online", [False, True])
def test_it_is_sent_after_the_commit_and_says_who_is_online(
    trio: Trio, sent: Sent, online: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "is_online", lambda *, user_id: online and user_id == trio.alice.pk)
    with transaction.atomic():
        row = achieve(trio.alice)
        assert not sent
    assert sent == [{"sender": Notification, "inside": False, "notification": row, "online": online}]


def test_it_is_sent_once_for_a_group(trio: Trio, sent: Sent) -> None:
    row = like(trio.alice, trio.bob)
    like(trio.alice, trio.carol)
    assert [one["notification"] for one in sent] == [row]


def test_what_was_rolled_back_or_withdrawn_is_not_sent(trio: Trio, sent: Sent) -> None:
    with transaction.atomic():
        like(trio.alice, trio.bob)
        notifications_withdraw(recipient=trio.alice, actor=trio.bob)
    with transaction.atomic():
        like(trio.alice, trio.bob)
        transaction.set_rollback(True)
    assert not sent


def test_a_receiver_that_fails_is_logged_and_stops_nobody(
    trio: Trio, sent: Sent, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("no mail today")

    notification_created.connect(fail)
    try:
        with caplog.at_level(logging.ERROR):
            row = achieve(trio.alice)
    finally:
        notification_created.disconnect(fail)
    assert "no mail today" in caplog.text
    assert [one["notification"] for one in sent] == [row]
    assert Notification.objects.count() == 1
