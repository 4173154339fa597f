"""REST of connections (PROTOCOL §8). A view parses, asks a selector or a service, and shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from connections import selectors, services
from connections import serializers as shapes
from realtime.fields import PageIn
from realtime.rest import checked, listed, made, parse_id

USER_ID = OpenApiParameter("user_id", str, OpenApiParameter.PATH)
REQUEST_ID = OpenApiParameter("request_id", int, OpenApiParameter.PATH)


class ConnectionsView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="My connections",
        operation_id="connections_list",
        parameters=[PageIn],
        responses=shapes.ConnectionsOut,
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        asked = checked(PageIn(data=request.query_params))
        return listed(request, asked, selectors.connections_page, shapes.ConnectionOut)


@extend_schema(parameters=[USER_ID])
class ConnectionView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(summary="Remove a connection", operation_id="connections_destroy", responses={204: None})
    def delete(self, request: Request, user_id: str) -> Response:
        """By either of the two."""
        services.connection_remove(user=request.user, user_id=user_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RequestsView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="Open requests",
        operation_id="connection_requests_list",
        parameters=[shapes.RequestsPageIn],
        responses=shapes.RequestsOut,
    )
    def get(self, request: Request) -> Response:
        """Received and sent, the newest first."""
        asked = checked(shapes.RequestsPageIn(data=request.query_params))
        return listed(request, asked, selectors.requests_page, shapes.RequestOut)

    @extend_schema(
        summary="Ask somebody",
        operation_id="connection_requests_create",
        request=shapes.RequestIn,
        responses={200: shapes.RequestMade, 201: shapes.RequestMade},
    )
    def post(self, request: Request) -> Response:
        """Somebody who has asked you is connected with you at once: `accepted`. One who is asked already: the
        same request, with 200."""
        asked = checked(shapes.RequestIn(data=request.data))
        request_id, duplicate = services.request_send(
            sender=request.user, user_id=asked["to_user_id"], ref=asked.get("ref")
        )
        found = selectors.request_find(user=request.user, request_id=request_id)
        shown = {"request_id": request_id} if found is None else _shown(request, shapes.RequestOut, found)
        return made(request_id, shown, duplicate)


@extend_schema(parameters=[REQUEST_ID], request=None, responses=shapes.RequestOut)
class AnswerView(APIView):
    """Base of what one does with a request."""

    permission_classes = (IsAuthenticated,)

    def _answer(self, request: Request, request_id: str, service: Callable[..., Any]) -> Response:
        found = service(user=request.user, request_id=parse_id(request_id))
        return Response(_shown(request, shapes.RequestOut, found))


class AcceptView(AnswerView):
    @extend_schema(summary="Accept a request", operation_id="connection_requests_accept")
    def post(self, request: Request, request_id: str) -> Response:
        """By the one who was asked."""
        return self._answer(request, request_id, services.request_accept)


class DeclineView(AnswerView):
    @extend_schema(summary="Decline a request", operation_id="connection_requests_decline")
    def post(self, request: Request, request_id: str) -> Response:
        """By the one who was asked. The requester is not told, and their later requests do not come through
        until you ask them."""
        return self._answer(request, request_id, services.request_decline)


class WithdrawView(AnswerView):
    @extend_schema(summary="Withdraw a request", operation_id="connection_requests_withdraw")
    def post(self, request: Request, request_id: str) -> Response:
        """By the one who asked."""
        return self._answer(request, request_id, services.request_withdraw)


class BlocksView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="Whom I block",
        operation_id="blocks_list",
        parameters=[PageIn],
        responses=shapes.BlocksOut,
    )
    def get(self, request: Request) -> Response:
        """The last one first."""
        asked = checked(PageIn(data=request.query_params))
        return listed(request, asked, selectors.blocks_page, shapes.BlockOut)

    @extend_schema(
        summary="Block somebody",
        operation_id="blocks_create",
        request=shapes.BlockIn,
        responses={200: shapes.BlockMade, 201: shapes.BlockMade},
    )
    def post(self, request: Request) -> Response:
        """Neither sees anything of the other any more. Somebody who is blocked already: 200."""
        asked = checked(shapes.BlockIn(data=request.data))
        block_id, duplicate = services.block_add(user=request.user, **asked)
        found = selectors.block_find(user=request.user, block_id=block_id)
        shown = {} if found is None else _shown(request, shapes.BlockOut, found)
        return made(block_id, shown, duplicate)


@extend_schema(parameters=[USER_ID])
class BlockView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(summary="Unblock somebody", operation_id="blocks_destroy", responses={204: None})
    def delete(self, request: Request, user_id: str) -> Response:
        """The two may see each other again; no tie comes back."""
        services.block_remove(user=request.user, user_id=user_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _shown(request: Request, shape: type[BaseSerializer], row: Any) -> Any:
    return shape(row, context={"user": request.user}).data
