"""Fields and pages of REST serializers that mean the same in every app."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from realtime.errors import InvalidMessage
from realtime.refs import MAX_REF
from realtime.users import display_name, wire_key

MAX_ID = 2**63 - 1  # the database's bigint
PAGE, LARGEST_PAGE = 50, 200  # rows


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string"}]})
class UserKeyField(serializers.Field[Any, Any, Any, Any]):
    """A user's key: an integer, or text where the user model has other keys. Services parse it."""

    def to_representation(self, value: Any) -> int | str:
        return wire_key(value)

    def to_internal_value(self, data: Any) -> int | str:
        if isinstance(data, bool) or not isinstance(data, int | str):
            # Ours, since a serializer's own error would name an item of a list by its place in it.
            name = self.field_name or self.parent.field_name
            raise InvalidMessage(f"{name}: a user's id is a number or a text.", field=name)
        return data


@extend_schema_field({"type": "string"})
class UserNameField(serializers.Field[Any, Any, Any, Any]):
    """A user as others read it; its source is the user."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        return display_name(value)


class TimeField(serializers.DateTimeField):
    """RFC 3339 in UTC, whatever the project's time zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)


class TextField(serializers.CharField):
    """Text as it came, and nothing but text; the service says what is wrong with it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "allow_blank": True} | kwargs)

    def to_internal_value(self, data: Any) -> str:
        """DRF would make a text of a number; a socket's command does not."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class RefField(TextField):
    """The client's own name for what it creates: again the same, and nothing new is made."""

    def __init__(self) -> None:
        super().__init__(required=False, allow_null=True, allow_blank=False, max_length=MAX_REF)


class PageIn(serializers.Serializer[Any]):
    """``?before=&limit=`` of a list: keyset pages, which do not drift while rows are added."""

    before = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    limit = serializers.IntegerField(default=PAGE, min_value=1, max_value=LARGEST_PAGE)
