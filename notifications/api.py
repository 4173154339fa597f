"""REST of notifications (PROTOCOL §8). A view parses, asks a selector or a service, and shows."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from notifications import selectors, services
from notifications import serializers as shapes
from realtime import log
from realtime.rest import checked, page


class NotificationsView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="My notifications",
        operation_id="notifications_list",
        parameters=[shapes.NotificationsPageIn],
        responses=shapes.NotificationsOut,
    )
    def get(self, request: Request) -> Response:
        """The newest first; a grouped one stands where its newest cause does."""
        asked = checked(shapes.NotificationsPageIn(data=request.query_params))
        limit = asked["limit"]
        with log.snapshot():
            found = selectors.notifications_page(user=request.user, **{**asked, "limit": limit + 1})
            unread_count = selectors.unread_count(user=request.user)
            cursor = log.horizon_cursor()
        rows, following = found[:limit], None
        if len(found) > limit:
            following = {**asked, "before": shapes.place_of(rows[-1])}
        shown = shapes.NotificationOut(rows, many=True).data
        return Response(page(request, shown, following, cursor) | {"unread_count": unread_count})


class ReadView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="Mark notifications read",
        operation_id="notifications_read",
        request=shapes.ReadIn,
        responses=shapes.ReadOut,
    )
    def post(self, request: Request) -> Response:
        """Either `ids` or `all`. What is not mine, or gone, is passed over."""
        asked = checked(shapes.ReadIn(data=request.data))
        return Response({"unread_count": services.notifications_read(user=request.user, **asked)})


class PreferencesView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="What I want to hear of",
        operation_id="notifications_preferences_read",
        responses=shapes.PreferencesOut,
    )
    def get(self, request: Request) -> Response:
        """Every type, on or off."""
        return Response({"preferences": selectors.preferences(user=request.user)})

    @extend_schema(
        summary="Switch types on or off",
        operation_id="notifications_preferences_update",
        request=shapes.PreferencesIn,
        responses=shapes.PreferencesOut,
    )
    def put(self, request: Request) -> Response:
        """Types that are not named stay as they are."""
        asked = checked(shapes.PreferencesIn(data=request.data))
        return Response({"preferences": services.preferences_set(user=request.user, **asked)})
