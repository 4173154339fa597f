"""REST of chat (PROTOCOL §8). A view parses, asks a selector or a service, and shows."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat import selectors, services
from chat import serializers as shapes
from chat.models import Chat, Message
from realtime import log, topics
from realtime.errors import Forbidden
from realtime.rest import checked, listed, made, page, parse_id


class ChatsView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="My chats",
        operation_id="chats_list",
        parameters=[shapes.ChatsPageIn],
        responses=shapes.ChatsOut,
    )
    def get(self, request: Request) -> Response:
        """The one with the newest message first."""
        asked = checked(shapes.ChatsPageIn(data=request.query_params))
        return listed(
            request,
            asked,
            selectors.chat_entries,
            shapes.ChatOut,
            place=lambda entry: "{}.{}".format(*entry.place),
        )

    @extend_schema(
        summary="Start a chat",
        operation_id="chats_create",
        request=shapes.ChatIn,
        responses={200: shapes.ChatMade, 201: shapes.ChatMade},
    )
    def post(self, request: Request) -> Response:
        """A group, which its creator owns, or a direct chat of two. The same `ref`, or the same pair,
        again answers the first, with 200."""
        asked = checked(shapes.ChatIn(data=request.data))
        chat_id, duplicate = services.chat_create(creator=request.user, **asked)
        entries = selectors.chat_entries(user=request.user, chat_id=chat_id)
        shown = shapes.ChatDetailOut(entries[0]).data if entries else {"chat_id": chat_id}
        return made(chat_id, shown, duplicate)


CHAT_ID = OpenApiParameter("chat_id", int, OpenApiParameter.PATH)


@extend_schema(parameters=[CHAT_ID])
class ChatView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(summary="One chat", operation_id="chats_read", responses=shapes.ChatDetailOut)
    def get(self, request: Request, chat_id: str) -> Response:
        return Response(self._shown(request, parse_id(chat_id)))

    @extend_schema(
        summary="Change a chat",
        operation_id="chats_update",
        request=shapes.ChatChangeIn,
        responses=shapes.ChatDetailOut,
    )
    def patch(self, request: Request, chat_id: str) -> Response:
        """By an owner of a group."""
        chat = _chat(chat_id)
        asked = checked(shapes.ChatChangeIn(data=request.data))
        services.chat_update(chat=chat, actor=request.user, **asked)
        return Response(self._shown(request, chat.pk))

    def _shown(self, request: Request, chat_id: int) -> Any:
        entries = selectors.chat_entries(user=request.user, chat_id=chat_id)
        if not entries:
            raise Forbidden
        return shapes.ChatDetailOut(entries[0]).data


@extend_schema(parameters=[CHAT_ID])
class MembersView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="Add a member",
        operation_id="chats_members_create",
        request=shapes.MemberIn,
        responses={200: shapes.MemberMade, 201: shapes.MemberMade},
    )
    def post(self, request: Request, chat_id: str) -> Response:
        """By an owner of a group. Somebody who is in it already: 200."""
        chat = _chat(chat_id)
        asked = checked(shapes.MemberIn(data=request.data))
        key, duplicate = services.member_add(chat=chat, actor=request.user, **asked)
        member = selectors.members(chat_ids=[chat.pk]).filter(pk=key).first()
        shown = shapes.MemberOut(member).data if member else {"chat_id": chat.pk}
        return made(key, shown, duplicate)


@extend_schema(parameters=[CHAT_ID])
class MemberView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="Change a member's role",
        operation_id="chats_members_update",
        request=shapes.MemberChangeIn,
        responses=shapes.MemberOut,
    )
    def patch(self, request: Request, chat_id: str, user_id: str) -> Response:
        """By an owner of a group, which keeps at least one."""
        chat = _chat(chat_id)
        asked = checked(shapes.MemberChangeIn(data=request.data))
        member = services.member_role(chat=chat, actor=request.user, user_id=user_id, **asked)
        return Response(shapes.MemberOut(member).data)

    @extend_schema(
        summary="Remove a member, or leave", operation_id="chats_members_destroy", responses={204: None}
    )
    def delete(self, request: Request, chat_id: str, user_id: str) -> Response:
        """By an owner, or oneself. The last owner hands over to the longest-standing member."""
        services.member_remove(chat=_chat(chat_id), actor=request.user, user_id=user_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(parameters=[CHAT_ID])
class MessagesView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="Messages of a chat",
        operation_id="chats_messages_list",
        parameters=[shapes.PageIn],
        responses=shapes.MessagesOut,
    )
    def get(self, request: Request, chat_id: str) -> Response:
        """The newest first, tombstones included."""
        asked = checked(shapes.PageIn(data=request.query_params))
        limit, before = asked["limit"], asked.get("before")
        with log.snapshot():
            membership = selectors.membership_get(user=request.user, chat_id=parse_id(chat_id))
            found = selectors.messages_page(membership=membership, before=before, limit=limit + 1)
            cursor = log.cursor_of(topics.chat(membership.chat_id).name)
        shown = found[:limit]
        following = {"before": shown[-1].pk, "limit": limit} if len(found) > limit else None
        return Response(page(request, shapes.MessageOut(shown, many=True).data, following, cursor))

    @extend_schema(
        summary="Say something",
        operation_id="chats_messages_create",
        request=shapes.MessageIn,
        responses={200: shapes.MessageMade, 201: shapes.MessageMade},
    )
    def post(self, request: Request, chat_id: str) -> Response:
        """The same `ref` again answers the first message, with 200, also when it was deleted since."""
        chat = _chat(chat_id)
        asked = checked(shapes.MessageIn(data=request.data))
        message_id, duplicate = services.message_send(chat=chat, sender=request.user, **asked)
        message = selectors.messages_by_id(ids=[message_id]).get(message_id)
        shown = shapes.MessageOut(message).data if message else {"message_id": message_id}
        return made(message_id, shown, duplicate)


@extend_schema(parameters=[OpenApiParameter("message_id", int, OpenApiParameter.PATH)])
class MessageView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="Edit a message",
        operation_id="messages_update",
        request=shapes.MessageChangeIn,
        responses=shapes.MessageOut,
    )
    def patch(self, request: Request, message_id: str) -> Response:
        """By its author."""
        message = self._message(request, message_id)
        asked = checked(shapes.MessageChangeIn(data=request.data))
        message = services.message_edit(message=message, user=request.user, **asked)
        return Response(shapes.MessageOut(message).data)

    @extend_schema(summary="Delete a message", operation_id="messages_destroy", responses={204: None})
    def delete(self, request: Request, message_id: str) -> Response:
        """By its author, or an owner of the chat. A tombstone stays."""
        services.message_delete(message=self._message(request, message_id), user=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _message(self, request: Request, message_id: str) -> Message:
        return selectors.message_get(user=request.user, message_id=parse_id(message_id))


def _chat(chat_id: str) -> Chat:
    """A handle for the services, which look for themselves whether there is such a chat."""
    return Chat(pk=parse_id(chat_id))
