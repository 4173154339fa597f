"""Ties that begin and end: each of the two gains or loses the other's stream, in the tie's transaction. And
blocks, which hide or show again what each of the two did under the posts of others."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from connections.services import hidden_changed, tie_ended, tie_made
from feed.events import AudienceAdded, AudienceRemoved, FeedChanged, ReaderLost
from realtime import publish
from realtime.users import wire_key


@receiver(tie_made, dispatch_uid="kith.feed.tie_made")
def _made(one: Any, other: Any, **_: Any) -> None:
    for reader, author in _both_ways(one, other):
        publish(AudienceAdded(reader_id=reader, user_id=author))


@receiver(tie_ended, dispatch_uid="kith.feed.tie_ended")
def _ended(one: Any, other: Any, **_: Any) -> None:
    for reader, author in _both_ways(one, other):
        publish(ReaderLost(author_id=author, reader_id=reader))
        publish(AudienceRemoved(reader_id=reader, user_id=author))


@receiver(hidden_changed, dispatch_uid="kith.feed.hidden_changed")
def _hidden(one: Any, other: Any, **_: Any) -> None:
    for reader, _author in _both_ways(one, other):
        publish(FeedChanged(reader_id=reader))


def _both_ways(one: Any, other: Any) -> list[tuple[int | str, int | str]]:
    one, other = wire_key(one), wire_key(other)
    return [(one, other), (other, one)]
