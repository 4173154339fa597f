"""What REST views of every app do alike (PROTOCOL §8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from realtime import log
from realtime.fields import MAX_ID

NO_ID = 0  # what no row has: databases count from 1
_ID = re.compile(r"[1-9][0-9]{0,18}\Z", re.ASCII)


def parse_id(text: str) -> int:
    """The id in a path or in a channel's name. What can be none is `NO_ID`, which is looked for like any
    other and found missing: so a refusal takes the same whatever was asked for, and nothing is learnt."""
    return int(text) if _ID.match(text) and int(text) <= MAX_ID else NO_ID


def checked(given: BaseSerializer[Any]) -> dict[str, Any]:
    """What a serializer makes of the request.

    Raises:
        ValidationError: answered as `invalid_message` with its field.
    """
    given.is_valid(raise_exception=True)
    data: dict[str, Any] = given.validated_data
    return data


def page(request: Request, results: Any, following: Mapping[str, Any] | None, cursor: str) -> dict[str, Any]:
    """A list's answer; ``following`` is the query of its next page, None on the last."""
    return {
        "results": results,
        "next": None if following is None else request.build_absolute_uri(f"?{urlencode(following)}"),
        "cursor": cursor,
    }


def listed(
    request: Request,
    asked: Mapping[str, Any],
    select: Callable[..., list[Any]],
    shape: type[BaseSerializer[Any]],
    *,
    place: Callable[[Any], Any] = attrgetter("pk"),
) -> Response:
    """A list's answer, with the cursor of a channel of several topics as of its rows: what
    ``select(user=, limit=, **asked)`` finds. One row more than asked for tells of a next page, which goes on
    ``before`` the ``place`` of this one's last row. The shape's context names the reader as ``user``."""
    limit = asked["limit"]
    with log.snapshot():
        found = select(user=request.user, **{**asked, "limit": limit + 1})
        cursor = log.horizon_cursor()
    rows = found[:limit]
    following = {**asked, "before": place(rows[-1])} if len(found) > limit else None
    results = shape(rows, many=True, context={"user": request.user}).data
    return Response(page(request, results, following, cursor))


def made(key: Any, shown: Mapping[str, Any], duplicate: bool) -> Response:
    """201, or 200 where nothing new was made."""
    answer = {"id": key, **shown, "duplicate": duplicate}
    return Response(answer, status=status.HTTP_200_OK if duplicate else status.HTTP_201_CREATED)
