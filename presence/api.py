"""REST of presence (PROTOCOL §8)."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from presence import selectors
from presence import serializers as shapes
from realtime import log
from realtime.rest import checked, page


class PresenceView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="Who is online",
        operation_id="presence_list",
        parameters=[shapes.PresenceIn],
        responses=shapes.PresencesOut,
    )
    def get(self, request: Request) -> Response:
        """Of these users my connections, in the order of their ids; others are left out, whoever they are."""
        asked = checked(shapes.PresenceIn(data=request.query_params))
        with log.snapshot():
            found = selectors.presences(user=request.user, only=asked["users"])
            cursor = log.horizon_cursor()
        results = shapes.PresenceOut(found, many=True).data
        return Response(page(request, results, None, cursor))
