"""Sign-ins: made with a password, prolonged, ended."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken

from realtime.auth import SESSION_CLAIM, AuthError, end_session, identify, issue_tokens, read_token
from realtime.errors import KithError


class WrongPasswordError(KithError):
    """The same answer for no such user, a wrong password and a deactivated account."""

    code = "forbidden"
    status = 401
    default_message = "No active account has this username and password."


def sign_in(*, request: Any, username: str, password: str) -> dict[str, str]:
    """A new sign-in: ``{"access", "refresh"}``. ``request`` is for authentication backends that look at it.

    Raises:
        WrongPasswordError: no active account has this username and password.
    """
    user = authenticate(request, username=username, password=password)
    if user is None:
        raise WrongPasswordError
    return issue_tokens(user)


def sign_in_refresh(*, refresh: str) -> dict[str, str]:
    """``{"access"}`` of the same sign-in, and a new ``refresh`` where simplejwt's setting
    ``ROTATE_REFRESH_TOKENS`` says so.

    Raises:
        AuthError: token_invalid, token_expired, or token_revoked: logged out, deactivated, or the password
            changed since.
    """
    claims = read_token(refresh, kind="refresh")
    renewed = RefreshToken.for_user(identify(claims).user)
    renewed[SESSION_CLAIM] = claims.sid
    tokens = {"access": str(renewed.access_token)}
    if api_settings.ROTATE_REFRESH_TOKENS:
        tokens["refresh"] = str(renewed)
    return tokens


def sign_in_end(*, token: str, kind: str) -> None:
    """End the sign-in that this token of ``kind`` (``access`` or ``refresh``) belongs to: all its tokens are
    refused from now on, its sockets closed. One that has ended stays ended.

    Raises:
        AuthError: token_missing, token_invalid, token_expired.
    """
    claims = read_token(token, kind=kind)
    try:
        user = identify(claims).user
    except AuthError as error:
        if error.code == "token_revoked":
            return
        raise
    end_session(claims.sid, user)
