"""Writes of chat. Each checks the right it needs, in the transaction of what it changes.

They take rows (``chat``, ``message``) as handles: only the key counts, the rest is read again.
"""

from chat.services.chats import chat_create, chat_update
from chat.services.members import member_add, member_remove, member_role, read_mark
from chat.services.messages import (
    message_delete,
    message_edit,
    message_tombstone,
    reaction_set,
)
from chat.services.sending import Sending, message_send, messages_send

__all__ = [
    "Sending",
    "chat_create",
    "chat_update",
    "member_add",
    "member_remove",
    "member_role",
    "message_delete",
    "message_edit",
    "message_send",
    "message_tombstone",
    "messages_send",
    "reaction_set",
    "read_mark",
]
