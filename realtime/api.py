"""REST's share of the core: errors in the shape of PROTOCOL §6, the rate of writes, and what views repeat."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import set_rollback

from realtime import limits
from realtime.errors import Forbidden, InvalidMessage, KithError, RateLimited, TooLarge, Unavailable

logger = logging.getLogger("kith.api")


class CommandThrottle(BaseThrottle):
    """Writes count like commands on a socket, against the same rate of the same user."""

    def allow_request(self, request: Request, _view: Any) -> bool:
        if request.method not in SAFE_METHODS and request.user.is_authenticated:
            limits.check(limits.of_command(request.user.pk))
        return True


def exception_handler(error: Exception, _context: dict[str, Any]) -> Response | None:
    """Every error of REST as ``{code, message, field?, retry_after?}``; None lets Django answer 500."""
    if isinstance(error, OperationalError | InterfaceError):
        logger.warning("the database is away: a request was refused", exc_info=error)
    known = _translate(error)
    if known is None:
        return None
    problem, status = known
    body: dict[str, Any] = {"code": problem.code, "message": problem.message}
    optional = {"field": problem.field, "retry_after": problem.retry_after}
    body |= {name: value for name, value in optional.items() if value is not None}
    response = Response(body, status=status)
    if problem.retry_after is not None:
        response["Retry-After"] = str(int(problem.retry_after))
    if isinstance(error, exceptions.APIException) and (challenge := getattr(error, "auth_header", None)):
        response["WWW-Authenticate"] = challenge
    set_rollback()
    return response


def _translate(error: Exception) -> tuple[KithError, int] | None:
    match error:
        case KithError():
            return error, error.status
        case OperationalError() | InterfaceError():
            return Unavailable(), Unavailable.status
        case Http404() | PermissionDenied() | exceptions.NotFound():
            return Forbidden(), Forbidden.status
        case exceptions.ValidationError():
            field, message = _first(error.detail)
            return InvalidMessage(message, field=field), 400
        case exceptions.ParseError():
            return InvalidMessage(str(error.detail)), 400
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return _sign_in_error(error), 401
        case exceptions.Throttled():
            return RateLimited(retry_after=getattr(error, "wait", None)), 429
        case exceptions.PermissionDenied():
            return Forbidden(), Forbidden.status
        case exceptions.APIException():
            status = error.status_code
            return (TooLarge() if status == 413 else InvalidMessage(str(error.detail))), status
    return None


class SignInError(KithError):
    """401: the code is one of `auth_error`'s."""

    status = 401

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # the class's codes are fixed, these are four


def _sign_in_error(error: exceptions.APIException) -> SignInError:
    detail = error.detail
    if isinstance(detail, dict) and "code" in detail:
        return SignInError(str(detail["code"]), str(detail.get("detail", "")))
    missing = isinstance(error, exceptions.NotAuthenticated)
    return SignInError("token_missing" if missing else "token_invalid", str(detail))


def _first(detail: Any, field: str | None = None) -> tuple[str | None, str]:
    """The first field of a serializer's errors, and what is wrong with it."""
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        return _first(inner, None if name == "non_field_errors" else str(name))
    if isinstance(detail, list):
        return _first(detail[0], field)
    return field, str(detail)
