"""What REST takes and gives: objects have the keys of their events plus ``id`` (PROTOCOL §8)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chat import selectors
from chat.models import Chat, Membership, Message
from chat.selectors import ChatEntry
from realtime.fields import MAX_ID, PageIn, RefField, TextField, TimeField, UserKeyField
from realtime.users import display_name, wire_key

# ── taken ───────────────────────────────────────────────────────────────────────────────────


class ChatsPageIn(PageIn):
    before = serializers.RegexField(  # type: ignore[assignment]  # a place instead of an id
        r"\A[0-9]{1,18}\.[0-9]{1,18}\Z", required=False, help_text="as `next` has it"
    )

    def validate_before(self, value: str) -> tuple[int, ...]:
        return tuple(map(int, value.split(".")))


class ChatIn(serializers.Serializer):
    member_ids = serializers.ListField(child=UserKeyField(), default=list)
    title = TextField(default="")
    kind = serializers.ChoiceField(Chat.Kind.choices, default=Chat.Kind.GROUP)
    history = serializers.ChoiceField(Chat.History.choices, default=Chat.History.JOINED)
    ref = RefField()


class ChatChangeIn(serializers.Serializer):
    title = TextField(required=False)
    history = serializers.ChoiceField(Chat.History.choices, required=False)


class MemberIn(serializers.Serializer):
    user_id = UserKeyField()
    ref = RefField()


class MemberChangeIn(serializers.Serializer):
    role = serializers.ChoiceField(Membership.Role.choices)


class MessageIn(serializers.Serializer):
    content = TextField()
    attachment = TextField(required=False, allow_null=True)
    reply_to = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MAX_ID)
    ref = RefField()


class MessageChangeIn(serializers.Serializer):
    content = TextField()


# ── given ───────────────────────────────────────────────────────────────────────────────────


class MemberOut(serializers.ModelSerializer):
    user_id = UserKeyField()
    user_name = serializers.SerializerMethodField()
    joined_at = TimeField()

    class Meta:
        model = Membership
        fields: tuple[str, ...] = (
            "id",
            "chat_id",
            "user_id",
            "user_name",
            "role",
            "joined_at",
            "last_read_message_id",
        )

    def get_user_name(self, row: Membership) -> str:
        return display_name(row.user)


class MessageOut(serializers.ModelSerializer):
    message_id = serializers.IntegerField(source="pk")
    sender_id = UserKeyField()
    sender_name = serializers.SerializerMethodField()
    attachment = serializers.SerializerMethodField()
    timestamp = TimeField()
    reply_to = serializers.IntegerField(source="reply_to_id", allow_null=True)
    edited_at = TimeField(allow_null=True)
    deleted = serializers.BooleanField(source="is_deleted", help_text="a tombstone: it says nothing any more")
    reactions = serializers.SerializerMethodField(help_text="who reacted, by emoji")

    class Meta:
        model = Message
        fields: tuple[str, ...] = (
            *("id", "message_id", "chat_id", "sender_id", "sender_name", "content", "attachment"),
            *("timestamp", "reply_to", "ref", "edited_at", "deleted", "reactions"),
        )

    def get_sender_name(self, message: Message) -> str:
        return display_name(message.sender)

    def get_attachment(self, message: Message) -> str | None:
        return message.attachment or None

    def get_reactions(self, message: Message) -> dict[str, list[int | str]]:
        found: dict[str, list[int | str]] = {}
        for reaction in sorted(message.reactions.all(), key=lambda reaction: reaction.pk):
            found.setdefault(reaction.emoji, []).append(wire_key(reaction.user_id))
        return found


class PeerOut(serializers.Serializer):
    user_id = UserKeyField()
    user_name = serializers.SerializerMethodField()

    def get_user_name(self, row: Membership) -> str:
        return display_name(row.user)


class ChatOut(serializers.Serializer):
    """A chat as the one who asks sees it."""

    id = serializers.IntegerField(source="membership.chat_id")
    chat_id = serializers.IntegerField(source="membership.chat_id")
    kind = serializers.ChoiceField(Chat.Kind.choices, source="membership.chat.kind")
    title = serializers.CharField(source="membership.chat.title")
    history = serializers.ChoiceField(Chat.History.choices, source="membership.chat.history")
    created_at = TimeField(source="membership.chat.created_at")
    role = serializers.ChoiceField(Membership.Role.choices, source="membership.role")
    last_read_message_id = serializers.IntegerField(source="membership.last_read_message_id")
    unread_count = serializers.IntegerField()
    last_message = MessageOut(allow_null=True)
    peer = PeerOut(allow_null=True, help_text="of a direct chat: the other one")


class ChatDetailOut(ChatOut):
    members = serializers.SerializerMethodField()

    @extend_schema_field(MemberOut(many=True))
    def get_members(self, entry: ChatEntry) -> Any:
        return MemberOut(selectors.members(chat_ids=[entry.membership.chat_id]), many=True).data


class Duplicate(serializers.Serializer):
    """What a creation adds: whether this ``ref`` had made it before. What is gone since has only its ids."""

    duplicate = serializers.BooleanField()


class ChatMade(ChatDetailOut, Duplicate):
    pass


class MemberMade(MemberOut, Duplicate):
    class Meta(MemberOut.Meta):
        fields = (*MemberOut.Meta.fields, "duplicate")


class MessageMade(MessageOut, Duplicate):
    class Meta(MessageOut.Meta):
        fields = (*MessageOut.Meta.fields, "duplicate")


class ChatsOut(serializers.Serializer):
    results = ChatOut(many=True)
    next = serializers.URLField(allow_null=True)
    cursor = serializers.CharField(help_text="`since` for the channel `messages`")


class MessagesOut(serializers.Serializer):
    results = MessageOut(many=True)
    next = serializers.URLField(allow_null=True)
    cursor = serializers.CharField(help_text="`since` for the channel `messages/{id}`")
