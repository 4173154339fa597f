"""Who is there: tokens, sign-ins, and the five ways to offer them (PROTOCOL §2).

A sign-in has a session id (``sid``) that all its tokens carry; logging out ends it. The tokens
are djangorestframework-simplejwt's, with its claim that a changed password revokes.
"""

from __future__ import annotations

import contextlib
import functools
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import jwt
from django.conf import settings
from django.contrib import auth as django_auth
from django.contrib.auth import get_user_model
from jwt.algorithms import HMACAlgorithm
from rest_framework_simplejwt.authentication import JWTAuthentication as SimpleJWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from realtime import log
from realtime.errors import InvalidMessage
from realtime.models import EndedSession
from realtime.rights import sign_ins_changed
from realtime.users import parse_key

SESSION_CLAIM = "sid"


@functools.lru_cache(maxsize=8)
def _prepared(key: str | bytes) -> bytes:
    return HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(key)


class KnownKeys(HMACAlgorithm):
    """PyJWT's HMAC, but that it looks at a key once. It asked for each token whether its key is DER, PEM, SSH
    or JSON: 40 % of what a token cost."""

    def prepare_key(self, key: str | bytes) -> bytes:
        return _prepared(key)


_hmac = jwt.get_algorithm_by_name(api_settings.ALGORITHM)
if isinstance(_hmac, HMACAlgorithm):
    jwt.unregister_algorithm(api_settings.ALGORITHM)
    jwt.register_algorithm(api_settings.ALGORITHM, KnownKeys(_hmac.hash_alg))


class AuthError(Exception):
    """A sign-in that is refused; ``code`` is one of token_missing, token_invalid, token_expired,
    token_revoked."""

    MESSAGES = {
        "token_missing": "No token was given.",
        "token_invalid": "The token is not valid.",
        "token_expired": "The token has expired.",
        "token_revoked": "This sign-in has ended.",
    }

    def __init__(self, code: str) -> None:
        self.code = code
        self.message = self.MESSAGES[code]
        super().__init__(self.message)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a credential says, before the database is asked."""

    user_key: str
    sid: str
    password_stamp: str | None
    expires_at: datetime | None
    session_key: str | None = None  # of a Django session, whose rights the session store knows


@dataclass(frozen=True, slots=True)
class Identity:
    """An authenticated user of one sign-in."""

    user: Any
    claims: Claims


def issue_tokens(user: Any) -> dict[str, str]:
    """A new sign-in: ``{"access", "refresh"}``, both of one session id."""
    refresh = RefreshToken.for_user(user)
    refresh[SESSION_CLAIM] = secrets.token_urlsafe(12)
    return {"access": str(refresh.access_token), "refresh": str(refresh)}


def read_token(token: str, *, kind: str = "access") -> Claims:
    """The claims of a token that is ours, of the right kind and not expired. No database.

    Raises:
        AuthError: token_missing, token_invalid, token_expired.
    """
    payload = decode_token(token, kind=kind)
    try:
        expires_at = datetime.fromtimestamp(payload["exp"], UTC)
    except (ValueError, OverflowError, OSError) as error:  # beyond what a clock can say
        raise AuthError("token_invalid") from error
    return Claims(
        user_key=str(payload[api_settings.USER_ID_CLAIM]),
        sid=str(payload.get(SESSION_CLAIM, "")),
        password_stamp=payload.get(api_settings.REVOKE_TOKEN_CLAIM),
        expires_at=expires_at,
    )


def decode_token(token: str, *, kind: str) -> dict[str, Any]:
    """The verified payload. Former keys verify, too (``KITH_PREVIOUS_KEYS``); they never sign.

    Raises:
        AuthError: token_missing, token_invalid, token_expired.
    """
    if not token:
        raise AuthError("token_missing")
    required = ["exp", api_settings.USER_ID_CLAIM]
    for key in (api_settings.SIGNING_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            payload: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[api_settings.ALGORITHM],
                # A server whose clock is a second behind the issuer's would refuse a fresh token's `iat`.
                options={"require": required, "verify_iat": False},
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError as error:
            raise AuthError("token_expired") from error
        except (jwt.InvalidTokenError, ValueError) as error:
            raise AuthError("token_invalid") from error
        if payload.get(api_settings.TOKEN_TYPE_CLAIM) != kind:
            raise AuthError("token_invalid")
        return payload
    raise AuthError("token_invalid")


def identify(claims: Claims) -> Identity:
    """The user behind claims, as the database knows it now. May be asked again at any time.

    Raises:
        AuthError: token_invalid (no such user), token_revoked (logged out, deactivated, the
            password changed).
    """
    (found,) = identify_each([claims])
    if isinstance(found, AuthError):
        raise found
    return found


def identify_each(several: Sequence[Claims]) -> list[Identity | AuthError]:
    """`identify` of each, in two queries (and those of Django's sessions, where there are such)."""
    keys = {claims.user_key for claims in several if claims.session_key is None}
    users = {str(user.pk): user for user in get_user_model()._default_manager.filter(pk__in=_possible(keys))}
    sids = {claims.sid for claims in several if claims.sid}
    ended = set(EndedSession.objects.filter(sid__in=sids).values_list("sid", flat=True))
    return [_judged(claims, users.get(claims.user_key), claims.sid in ended) for claims in several]


def identify_each_at(asked: Sequence[tuple[Claims, str]]) -> list[tuple[Identity, int] | Exception]:
    """Of one moment: the user behind each claims, and where a topic, the user's control topic, stood."""
    with log.snapshot():
        heads = log.heads([topic for _, topic in asked])
        found = identify_each([claims for claims, _ in asked])
    return [
        each if isinstance(each, AuthError) else (each, heads[topic].seq)
        for each, (_, topic) in zip(found, asked, strict=True)
    ]


def _possible(keys: Iterable[str]) -> list[Any]:
    """Those of the keys that a user could have."""
    found = []
    for key in keys:
        with contextlib.suppress(InvalidMessage):
            found.append(parse_key(key))
    return found


def _judged(claims: Claims, user: Any, is_ended: bool) -> Identity | AuthError:
    if claims.session_key is not None:
        return _identify_session(claims)
    if user is None:
        return AuthError("token_invalid")
    stamped = claims.password_stamp in (None, get_md5_hash_password(user.password))
    if not user.is_active or not stamped or is_ended:
        return AuthError("token_revoked")
    return Identity(user, claims)


def read_session(session_key: str) -> Claims:
    """Claims of a Django session cookie; `identify` asks the session store who it is."""
    return Claims(user_key="", sid="", password_stamp=None, expires_at=None, session_key=session_key)


def _identify_session(claims: Claims) -> Identity | AuthError:
    store = import_module(settings.SESSION_ENGINE).SessionStore(claims.session_key)
    user = django_auth.get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
    if not user.is_authenticated:
        return AuthError("token_revoked" if claims.user_key else "token_missing")
    return Identity(user, replace(claims, user_key=str(user.pk)))


def end_session(sid: str, user: Any) -> None:
    """End one sign-in: its tokens are refused, its sockets closed. Twice does nothing more."""
    if sid and EndedSession.objects.get_or_create(sid=sid)[1]:
        sign_ins_changed(user.pk)


class JWTAuthentication(SimpleJWTAuthentication):
    """Bearer tokens for REST, judged exactly as sockets judge them; ``request.auth`` is `Claims`."""

    def authenticate(self, request: Any) -> tuple[Any, Any] | None:
        header: bytes | None = self.get_header(request)  # None, though its stubs say otherwise
        raw = self.get_raw_token(header) if header else None
        if raw is None:
            return None
        try:
            identity = identify(read_token(raw.decode("latin-1")))
        except AuthError as error:
            raise InvalidToken({"code": error.code, "detail": error.message}) from error
        return identity.user, identity.claims
