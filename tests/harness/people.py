"""Users, chats, ties and tokens on the active database; from sync and async tests alike.

alice, bob = people.users("alice", "bob")       # new each time: their usernames are unique
chat = people.chat(alice, bob)                  # a group, alice owns it
chat = people.direct(alice, bob)
people.connect(alice, bob), people.block(alice, bob)
token_for(alice), token_for(alice, exp=0), token_for(alice, key="another"), token_for(alice, algorithm="none")
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from typing import Any

import jwt
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from rest_framework_simplejwt.settings import api_settings

from chat.models import Chat
from chat.services import chat_create
from connections.services import block_add, connection_make
from realtime.auth import issue_tokens
from tests.harness.databases import in_thread

PASSWORD = "correct horse battery staple"  # of every user made here

_numbers = itertools.count(1)


class People:
    """Makes people, their chats and ties, each call committed when it returns."""

    def user(self, name: str = "user", **fields: Any) -> Any:
        """A new user whose username starts with ``name``; password `PASSWORD`."""
        username = f"{name}-{os.getpid()}-{next(_numbers)}"
        model = get_user_model()
        return in_thread(model.objects.create, username=username, password=make_password(PASSWORD), **fields)

    def users(self, *names: str) -> list[Any]:
        """One new user for each name."""
        return [self.user(name) for name in names]

    def chat(self, owner: Any, *members: Any, **options: str) -> Chat:
        """A new group chat of ``owner`` and ``members``; ``options``: ``title``, ``history``."""
        return in_thread(_chat, owner, members, kind=Chat.Kind.GROUP, **options)

    def direct(self, one: Any, other: Any) -> Chat:
        """The direct chat of two people."""
        return in_thread(_chat, one, [other], kind=Chat.Kind.DIRECT)

    def connect(self, one: Any, other: Any) -> None:
        """Make the two connected."""
        in_thread(connection_make, one_id=one.pk, other_id=other.pk)

    def block(self, user: Any, other: Any) -> None:
        """Let ``user`` block ``other``."""
        in_thread(block_add, user=user, user_id=other.pk)


def _chat(creator: Any, members: Iterable[Any], **options: str) -> Chat:
    chat_id, _ = chat_create(creator=creator, member_ids=[member.pk for member in members], **options)
    return Chat.objects.get(pk=chat_id)


def token_for(user: Any, *, key: str | None = None, algorithm: str | None = None, **claims: Any) -> str:
    """An access token as a sign-in issues it; with changes, the same one re-signed with those.

    ``claims`` replace claims (``exp=0``: expired; ``token_type="refresh"``; None removes one), ``key`` and
    ``algorithm`` what it is signed with.
    """
    token = issue_tokens(user)["access"]
    if key is None and algorithm is None and not claims:
        return token
    payload = jwt.decode(token, options={"verify_signature": False}) | claims
    kept = {name: value for name, value in payload.items() if value is not None}
    secret = "" if algorithm == "none" else key or settings.SECRET_KEY
    return jwt.encode(kept, secret, algorithm=algorithm or api_settings.ALGORITHM)
