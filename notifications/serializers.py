"""What REST takes and gives: objects have the keys of their events (PROTOCOL §8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from rest_framework import serializers

from notifications.models import Notification
from realtime.fields import MAX_ID, PageIn, TimeField, UserKeyField
from realtime.users import display_name

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def place_of(row: Notification) -> str:
    """Where a notification stands in the list: its time in microseconds, and its id among equals."""
    return f"{(row.timestamp - EPOCH) // timedelta(microseconds=1)}.{row.pk}"


# ── taken ───────────────────────────────────────────────────────────────────────────────────


class NotificationsPageIn(PageIn):
    unread = serializers.BooleanField(default=False)
    before = serializers.RegexField(  # type: ignore[assignment]  # a place instead of an id
        r"\A[0-9]{1,17}\.[0-9]{1,18}\Z", required=False, help_text="as `next` has it"
    )

    def validate_before(self, value: str) -> tuple[datetime, int]:
        microseconds, key = map(int, value.split("."))
        return EPOCH + timedelta(microseconds=microseconds), key


class Ids(serializers.ListField):
    """What is wrong with one of them is told of the field, which has a name in PROTOCOL."""

    child = serializers.IntegerField(min_value=1, max_value=MAX_ID)

    def run_child_validation(self, data: Any) -> Any:
        try:
            return super().run_child_validation(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError("Ids are positive numbers.") from error


class Switches(serializers.DictField):
    """As `Ids`."""

    child = serializers.BooleanField()

    def run_child_validation(self, data: Any) -> Any:
        try:
            return super().run_child_validation(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError("A type is on (true) or off (false).") from error


class ReadIn(serializers.Serializer):
    ids = Ids(required=False)
    all = serializers.BooleanField(default=False)


class PreferencesIn(serializers.Serializer):
    preferences = Switches(help_text="types to switch on or off; others stay as they are")


# ── given ───────────────────────────────────────────────────────────────────────────────────


class NotificationOut(serializers.ModelSerializer):
    user_id = UserKeyField(source="actor_id", allow_null=True)
    user_name = serializers.SerializerMethodField()
    count = serializers.IntegerField(help_text="how many people are behind it; `user_name` is the newest")
    timestamp = TimeField()

    class Meta:
        model = Notification
        fields: tuple[str, ...] = (
            *("id", "type", "user_id", "user_name", "count", "post_id", "comment_id", "chat_id"),
            *("text", "data", "read", "timestamp"),
        )

    def get_user_name(self, row: Notification) -> str:
        return "" if row.actor is None else display_name(row.actor)


class NotificationsOut(serializers.Serializer):
    results = NotificationOut(many=True)
    next = serializers.URLField(allow_null=True)
    cursor = serializers.CharField(help_text="`since` for the channel `notifications`")
    unread_count = serializers.IntegerField()


class ReadOut(serializers.Serializer):
    unread_count = serializers.IntegerField()


class PreferencesOut(serializers.Serializer):
    preferences = serializers.DictField(
        child=serializers.BooleanField(), help_text="whether one hears of each type"
    )
