"""What `manage.py serve` says at its start: where, who may sign in, and how to try a socket.

Settings name it (KITH_WELCOME), so it finds models by name: they are loaded after the settings.
"""

import sys
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model

DEMO_PASSWORD = "kith-demo"
DEMO_USERNAMES = ("alice", "bob", "carol", "dave")


def welcome(url: str) -> list[str]:
    """The lines to print for a server at `url`, http://host:port. No token is among them."""
    lines = [f"Kith serves {url} (and its API at /api/docs/, the admin at /admin/)"]
    if usernames := demo_usernames():
        first, *others = usernames
        lines += [
            f"Sign in as {first} (who may use the admin too), {', '.join(others)}; password {DEMO_PASSWORD}.",
            *_socket_lines(url, first),
        ]
    return lines


def demo_usernames() -> tuple[str, ...]:
    """The accounts of `manage.py demo`, whose password everybody may know; none on a real site."""
    if not settings.DEBUG:
        return ()
    there = get_user_model().objects.filter(username__in=DEMO_USERNAMES).count()
    return DEMO_USERNAMES if there == len(DEMO_USERNAMES) else ()


def _socket_lines(url: str, username: str) -> list[str]:
    """Command lines that open a chat of this user, if there is one."""
    memberships = apps.get_model("kith_chat", "Membership").objects.filter(user__username=username)
    chat_id = memberships.order_by("chat_id").values_list("chat_id", flat=True).first()
    if chat_id is None:
        return []
    python = Path(sys.executable)
    here = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python
    token = f"$({here} manage.py token {username})"
    socket = f"{url.replace('http', 'ws', 1)}/ws/messages/{chat_id}?token={token}"
    return [
        "Open a chat from a second terminal in this folder, with Node.js or without:",
        f'  npx wscat -c "{socket}"',
        f'  {here} -m websockets "{socket}"',
    ]
