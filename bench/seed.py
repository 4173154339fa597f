"""Fills a migrated database with the people of a run; its own process, since it needs Django.

    DATABASE_URL=… python -m bench.seed '{"users": 100, "room": 50, "chats": 4, "told": 2}'

Writes `bench.ground.People` as JSON. Users are made in bulk, with a password that opens nothing;
chats and messages by the services, with their events.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import django

from bench.ground import CHAT_SIZE, MISSED, Need

AT_ONCE = 50  # chats in one transaction: to make them sooner


def main(need: Need) -> dict[str, Any]:
    """Make them. Django must be set up."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.hashers import make_password
    from django.db import transaction

    from chat.models import Chat
    from chat.services import chat_create, message_send
    from realtime import log, topics
    from realtime.auth import issue_tokens

    model: Any = get_user_model()
    password = make_password(None)
    names = [f"bench-{number}" for number in range(need.users)]
    users = model.objects.bulk_create([model(username=name, password=password) for name in names])

    def chat_of(members: list[Any]) -> int:
        return chat_create(creator=members[0], member_ids=[member.pk for member in members])[0]

    room = chat_of(users[: need.room])
    groups = [users[start : start + CHAT_SIZE] for start in range(0, need.chats * CHAT_SIZE, CHAT_SIZE)]
    chats: list[int] = []
    for start in range(0, len(groups), AT_ONCE):
        with transaction.atomic():
            chats += [chat_of(members) for members in groups[start : start + AT_ONCE]]
    told = dict(zip(chats[: need.told], groups, strict=False))
    heads = log.heads([topics.chat(chat_id).name for chat_id in told])
    since = [str(heads[topics.chat(chat_id).name].event_id) for chat_id in told]
    for number in range(MISSED):
        with transaction.atomic():
            for chat_id, members in told.items():
                message_send(chat=Chat(pk=chat_id), sender=members[0], content=f"missed {number:<113}.")
    tokens = [issue_tokens(user)["access"] for user in users]
    return {"tokens": tokens, "room": room, "members": need.room, "chats": chats, "since": since}


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(main(Need(**json.loads(sys.argv[1])))))
