"""What REST takes and gives of presence."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from presence.selectors import OFFLINE
from presence.store import Status
from realtime.errors import InvalidMessage
from realtime.fields import TimeField, UserKeyField
from realtime.users import parse_key

LARGEST = 200  # users asked for at once
SEEN = [status.value for status in Status if status is not Status.INVISIBLE]


class PresenceIn(serializers.Serializer):
    users = serializers.CharField(help_text=f"users' ids with commas between, {LARGEST} at most")

    def validate_users(self, value: str) -> list[Any]:
        keys = [parse_key(part.strip(), field="users") for part in value.split(",") if part.strip()]
        if len(keys) > LARGEST:
            raise InvalidMessage(f"Ask for {LARGEST} users at most.", field="users")
        return keys


class PresenceOut(serializers.Serializer):
    user_id = UserKeyField()
    full_name = serializers.CharField()
    status = serializers.ChoiceField([*SEEN, OFFLINE])
    last_seen = TimeField(allow_null=True)


class PresencesOut(serializers.Serializer):
    results = PresenceOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="always null: all who were asked for are here")
    cursor = serializers.CharField()
