"""What connections pushes: one class for each row of PROTOCOL §4 under ``connections``.

Each goes to one user's own stream. Their actor is the person whom they name, so that nothing of a deleted
user stays in the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from connections.models import Block, Connection, Request
from connections.selectors import request_status
from realtime import topics
from realtime.events import CREATED, DELETED, UPDATED, Change, ModelEvent
from realtime.topics import Topic
from realtime.users import display_name, wire_key

UserKey = int | str
Status = Request.Status


class ToUser(ModelEvent):
    """An event on the stream of ``owner``, who is not on the wire."""

    channel = "connections"
    hidden = ("owner",)
    owner: UserKey

    def topic(self) -> Topic:
        return topics.user(self.owner, "connections")


class ConnectionRequest(ToUser, model=Request, on=(CREATED,)):
    """Somebody asks to be connected with you."""

    type = "connection_request"
    request_id: int
    from_user_id: UserKey
    from_user_name: str

    @classmethod
    def of(cls, instance: Request, change: Change) -> Self | None:
        if instance.status != Status.PENDING:
            return None  # made after a no: the one who said it is left in peace
        return cls(
            owner=wire_key(instance.to_user_id),
            request_id=instance.pk,
            from_user_id=wire_key(instance.from_user_id),
            from_user_name=display_name(instance.from_user),
        )

    def actor(self) -> UserKey:
        return self.from_user_id


class RequestSent(ToUser, model=Request, on=(CREATED,)):
    """You asked somebody, on this device or another."""

    type = "request_sent"
    request_id: int
    to_user_id: UserKey
    to_user_name: str

    @classmethod
    def of(cls, instance: Request, change: Change) -> Self | None:
        if not instance.is_open:
            return None
        return cls(
            owner=wire_key(instance.from_user_id),
            request_id=instance.pk,
            to_user_id=wire_key(instance.to_user_id),
            to_user_name=display_name(instance.to_user),
        )

    def actor(self) -> UserKey:
        return self.to_user_id


class RequestClosed(ToUser, model=Request, on=(UPDATED, DELETED), fields=("status",)):
    """A request is not open any more. ``reason``: ``accepted``, ``declined`` (told to the decliner alone),
    ``withdrawn``, or ``blocked`` (told to the blocker alone; to the other it looks withdrawn)."""

    type = "request_closed"
    request_id: int
    reason: str

    @classmethod
    def of(cls, instance: Request, change: Change) -> Iterator[Self]:
        reason = Status(instance.status)
        if change is DELETED:
            if not instance.is_open:
                return
            reason = Status.WITHDRAWN
        elif reason is Status.PENDING:
            return  # opened again by somebody's code
        for owner in cls._told(instance, reason):
            shown = reason.value if change is DELETED else request_status(user=owner, request=instance)
            yield cls(owner=wire_key(owner.pk), request_id=instance.pk, reason=shown)

    @staticmethod
    def _told(request: Request, reason: Request.Status) -> Iterator[Any]:
        if reason is not Status.DECLINED:
            yield request.from_user
        if reason is Status.DECLINED or request.declined_at is None:
            yield request.to_user  # for whom a declined one was closed before


class AboutTie(ToUser):
    """The two facts about a tie, told to each of the two and naming the other."""

    request_id: int | None
    user_id: UserKey
    user_name: str

    @classmethod
    def of(cls, instance: Connection, change: Change) -> Iterator[Self]:
        for owner, peer in ((instance.one, instance.other), (instance.other, instance.one)):
            yield cls(
                owner=wire_key(owner.pk),
                request_id=instance.request_id,
                user_id=wire_key(peer.pk),
                user_name=display_name(peer),
            )

    def actor(self) -> UserKey:
        return self.user_id


class ConnectionAccepted(AboutTie, model=Connection, on=(CREATED,)):
    """You are connected with this user. ``request_id`` is null where no request led to it."""

    type = "connection_accepted"


class ConnectionRemoved(AboutTie, model=Connection, on=(DELETED,)):
    """You are not connected with this user any more, whichever of the two ended it."""

    type = "connection_removed"


class BlockChanged(ToUser, model=Block, on=(CREATED, DELETED)):
    """You blocked somebody, or do not any more. The other one is not told."""

    type = "block_changed"
    user_id: UserKey
    user_name: str
    blocked: bool

    @classmethod
    def of(cls, instance: Block, change: Change) -> Self:
        return cls(
            owner=wire_key(instance.user_id),
            user_id=wire_key(instance.blocked_id),
            user_name=display_name(instance.blocked),
            blocked=change is CREATED,
        )

    def actor(self) -> UserKey:
        return self.user_id
