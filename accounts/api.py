"""REST of accounts: signing in and out, oneself, finding people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user, logout
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import InvalidToken

from accounts import selectors, services
from realtime import limits
from realtime.auth import AuthError, JWTAuthentication
from realtime.users import display_name, wire_key

PAGE = 20
LARGEST_PAGE = 100


class Credentials(serializers.Serializer):
    username = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


class RefreshIn(serializers.Serializer):
    refresh = serializers.CharField()


class LogoutIn(serializers.Serializer):
    refresh = serializers.CharField(required=False, help_text="where the access token has expired")


class TokensOut(serializers.Serializer):
    access = serializers.CharField()
    refresh = serializers.CharField()


class RefreshOut(serializers.Serializer):
    access = serializers.CharField()
    refresh = serializers.CharField(required=False, help_text="with ROTATE_REFRESH_TOKENS")


class PersonOut(serializers.Serializer):
    """A user as other users see them."""

    id = serializers.SerializerMethodField()
    username = serializers.CharField(source="get_username")
    name = serializers.SerializerMethodField(help_text="full name, else the username")

    def get_id(self, user: Any) -> int | str:
        return wire_key(user.pk)

    def get_name(self, user: Any) -> str:
        return display_name(user)


class SearchIn(serializers.Serializer):
    search = serializers.CharField(default="", allow_blank=True, max_length=150)
    after = serializers.CharField(default="", allow_blank=True, max_length=254, help_text="as `next` has it")
    limit = serializers.IntegerField(default=PAGE, min_value=1, max_value=LARGEST_PAGE)


class SearchOut(serializers.Serializer):
    results = PersonOut(many=True)
    next = serializers.URLField(allow_null=True)


@contextmanager
def judged(request: Request) -> Iterator[None]:
    """Counts refused passwords and tokens by address, and answers them with 401.

    Raises:
        RateLimited: this address failed too often; nothing was looked at.
        InvalidToken: for an `AuthError`, with its code.
    """
    ip = request.META["REMOTE_ADDR"]
    limits.check(limits.of_sign_in(ip))
    try:
        yield
    except services.WrongPasswordError:
        limits.count(limits.of_auth_failure(ip))
        raise
    except AuthError as error:
        limits.count(limits.of_auth_failure(ip))
        raise InvalidToken({"code": error.code, "detail": error.message}) from error


class SignInView(APIView):
    """Base of views that judge what the body offers: an old token in the header must not stand in its way."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get_authenticate_header(self, request: Request) -> str:
        # Without this header REST framework would turn 401 into 403.
        return JWTAuthentication().authenticate_header(request)


class TokenView(SignInView):
    @extend_schema(summary="Sign in", request=Credentials, responses=TokensOut)
    def post(self, request: Request) -> Response:
        credentials = Credentials(data=request.data)
        credentials.is_valid(raise_exception=True)
        with judged(request):
            return Response(services.sign_in(request=request._request, **credentials.validated_data))


class RefreshView(SignInView):
    @extend_schema(summary="A new access token", request=RefreshIn, responses=RefreshOut)
    def post(self, request: Request) -> Response:
        given = RefreshIn(data=request.data)
        given.is_valid(raise_exception=True)
        with judged(request):
            return Response(services.sign_in_refresh(**given.validated_data))


class LogoutView(SignInView):
    @extend_schema(summary="Sign out", request=LogoutIn, responses={204: None})
    def post(self, request: Request) -> Response:
        """Ends the sign-in of the `refresh` token in the body, else of the bearer token, else of the session
        cookie. Signing out again is no error."""
        given = LogoutIn(data=request.data)
        given.is_valid(raise_exception=True)
        refresh = given.validated_data.get("refresh", "")
        token = refresh or _bearer(request)
        if token or not _session_ended(request):
            with judged(request):
                services.sign_in_end(token=token, kind="refresh" if refresh else "access")
        return Response(status=status.HTTP_204_NO_CONTENT)


def _bearer(request: Request) -> str:
    reader = JWTAuthentication()
    header = reader.get_header(request)
    raw = reader.get_raw_token(header) if header else None
    return raw.decode("latin-1") if raw else ""


def _session_ended(request: Request) -> bool:
    """Whether there was a Django session to end. Raises PermissionDenied without a CSRF token."""
    user = get_user(request._request)
    if not user.is_authenticated:
        return False
    SessionAuthentication().enforce_csrf(request)
    request._request.user = user  # REST framework put nobody there, but sockets must learn who left
    logout(request._request)
    return True


class MeView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(summary="Oneself", responses=PersonOut)
    def get(self, request: Request) -> Response:
        return Response(PersonOut(request.user).data)


class UsersView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(summary="Find people", parameters=[SearchIn], responses=SearchOut)
    def get(self, request: Request) -> Response:
        """By the beginning of username, first or last name, in the order of usernames."""
        asked = SearchIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        # One more than asked for tells whether there is a next page.
        found = selectors.user_search(user=request.user, **{**given, "limit": given["limit"] + 1})
        page, following = found[: given["limit"]], None
        if len(found) > len(page):
            query = urlencode({**given, "after": page[-1].get_username()})
            following = request.build_absolute_uri(f"?{query}")
        return Response({"results": PersonOut(page, many=True).data, "next": following})
