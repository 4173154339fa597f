"""Save, then say so. It tells nobody else, which spares it work that Kith does."""

from __future__ import annotations

import json

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from bench.apps.durable.models import Message


class DurableConsumer(AsyncWebsocketConsumer):
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        said = json.loads(text_data or "")["message"]
        message = await database_sync_to_async(Message._default_manager.create)(
            room=self.channel_name[:100], content=said
        )
        await self.send(text_data=json.dumps({"saved": message.pk}))
