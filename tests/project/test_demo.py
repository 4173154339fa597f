"""`manage.py demo`: everything or nothing, and never on a real site."""

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from pytest_django import Settings

from chat.models import Message
from connections.models import Connection, Request
from feed.models import Comment, Post, Reaction
from notifications.models import Notification
from project.demo import CONVERSATIONS, POSTS, REQUESTS, TIES
from project.welcome import DEMO_PASSWORD, DEMO_USERNAMES, welcome

pytestmark = pytest.mark.django_db


def test_demo_fills_an_empty_database_once(settings: Settings) -> None:
    settings.DEBUG = True
    call_command("demo")
    said = sum(len(conversation.said) for conversation in CONVERSATIONS)
    assert Message.objects.count() == said
    assert (Connection.objects.count(), Request.objects.count()) == (len(TIES), len(REQUESTS))
    posted = len(POSTS), sum(len(post.comments) for post in POSTS), sum(len(post.reactions) for post in POSTS)
    assert (Post.objects.count(), Comment.objects.count(), Reaction.objects.count()) == posted
    assert Notification.objects.filter(type="mention", recipient__username="alice").count() == 1
    users = get_user_model().objects.all()
    assert {user.username for user in users if user.check_password(DEMO_PASSWORD)} == set(DEMO_USERNAMES)
    call_command("demo")
    assert (Message.objects.count(), Post.objects.count()) == (said, len(POSTS))


def test_demo_is_refused_when_debug_is_off() -> None:
    with pytest.raises(CommandError, match="DEBUG is off"):
        call_command("demo")
    call_command("demo", optional=True)
    assert not get_user_model().objects.exists()


def test_the_welcome_names_the_accounts_only_where_they_are_the_demo(settings: Settings) -> None:
    settings.DEBUG = True
    assert DEMO_PASSWORD not in "".join(welcome("http://127.0.0.1:8000"))
    call_command("demo")
    lines = "\n".join(welcome("http://127.0.0.1:8000"))
    assert DEMO_PASSWORD in lines
    assert "ws://127.0.0.1:8000/ws/messages/" in lines
    settings.DEBUG = False
    assert DEMO_PASSWORD not in "".join(welcome("http://127.0.0.1:8000"))
