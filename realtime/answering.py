"""What the views of the fallback do alike: who asks, and errors as answers (PROTOCOL §2, §6)."""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Callable, Coroutine
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from realtime import auth, credentials, limits, protocol, threads
from realtime.auth import AuthError, Identity
from realtime.errors import KithError, Unavailable

logger = logging.getLogger("kith.api")

View = Callable[[ASGIRequest], Coroutine[Any, Any, HttpResponseBase]]


def answer(body: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Raises nothing: whatever a command made can be said on a socket, too."""
    return HttpResponse(protocol.encode(body), status=status, content_type="application/json")


def refusal(error: KithError | AuthError, **keys: Any) -> HttpResponse:
    """An error in the shape of PROTOCOL §6 and with its status; ``keys``: what the frame has besides."""
    if isinstance(error, AuthError):
        response = answer({"code": error.code, "message": error.message}, status=401)
        response["WWW-Authenticate"] = 'Bearer realm="api"'
        return response
    response = answer(protocol.error(error, **keys), status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(math.ceil(error.retry_after))
    return response


def answering(method: str) -> Callable[[View], View]:
    """A view of one method, whose errors are answered. A session's CSRF token is looked at by the view."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @functools.wraps(view)
        async def answering_view(request: ASGIRequest) -> HttpResponseBase:
            if request.method != method:
                response = answer({"code": "invalid_message", "message": f"Use {method}."}, status=405)
                response["Allow"] = method
                return response
            try:
                return await view(request)
            except (KithError, AuthError) as error:
                return refusal(error)
            except (OperationalError, InterfaceError):
                logger.warning("the database is away: a request was refused", exc_info=True)
                return refusal(Unavailable())

        return answering_view

    return decorate


async def identify(request: ASGIRequest) -> Identity:
    """Who asks, by any of the ways that HTTP has.

    Raises:
        AuthError: a token that was offered counts against the address.
        RateLimited: too many of those.
    """
    ip = credentials.client_ip(request.scope)
    await limits.acheck(limits.of_sign_in(ip))
    offered = credentials.offered(request.scope)
    if offered.token is None:
        if offered.session_key is None:
            raise AuthError("token_missing")
        return await threads.read(auth.identify, auth.read_session(offered.session_key))
    try:
        return await threads.read(auth.identify, auth.read_token(offered.token))
    except AuthError:
        await limits.acount(limits.of_auth_failure(ip))
        raise
