"""Messages that are said at the same moment."""

from __future__ import annotations

import asyncio
from typing import Any

from chat.consumers import MessagesConsumer
from chat.models import Chat
from realtime import batch
from realtime.batch import Wish
from tests.harness.databases import in_thread
from tests.realtime.talking import said

Ask = tuple[Any, Chat, dict[str, Any]]  # who says it, where, and the command's arguments


def wish(asked: Ask) -> Wish:
    user, chat, arguments = asked
    channel = MessagesConsumer(user=user, params={"chat_id": str(chat.pk)})
    defaults = {"attachment": None, "reply_to": None, "ref": None}
    return Wish(MessagesConsumer.commands["message"], channel, defaults | arguments)


async def say_together(*asked: Ask) -> list[Any]:
    """Of each what its sender gets: all are asked in one turn of the loop, and so are one batch."""
    wishes = [wish(one) for one in asked]
    writes = [batch.write(one.command, one.channel, one.arguments) for one in wishes]
    return await asyncio.gather(*writes, return_exceptions=True)


async def commit(*asked: Ask) -> list[Any]:
    """Of each what came of it in the batch itself."""
    return await asyncio.to_thread(in_thread, batch.commit, [wish(one) for one in asked])


def texts(chat: Chat) -> list[str]:
    return list(in_thread(said, chat))
