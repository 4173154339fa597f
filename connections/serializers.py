"""What REST takes and gives: objects have the keys of their events plus ``id`` (PROTOCOL §8)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from connections import selectors
from connections.models import Block, Connection, Request
from realtime.fields import PageIn, RefField, TimeField, UserKeyField, UserNameField
from realtime.users import display_name, wire_key

# ── taken ───────────────────────────────────────────────────────────────────────────────────


class RequestsPageIn(PageIn):
    direction = serializers.ChoiceField(
        [selectors.RECEIVED, selectors.SENT], required=False, help_text="both, where it is not given"
    )


class RequestIn(serializers.Serializer):
    to_user_id = UserKeyField()
    ref = RefField()


class BlockIn(serializers.Serializer):
    user_id = UserKeyField()
    ref = RefField()


# ── given ───────────────────────────────────────────────────────────────────────────────────


class ConnectionOut(serializers.ModelSerializer):
    """A tie, as one of the two sees it. The context names that one as ``user``."""

    request_id = serializers.IntegerField(allow_null=True)
    user_id = serializers.SerializerMethodField()
    user_name = serializers.SerializerMethodField()
    timestamp = TimeField()

    class Meta:
        model = Connection
        fields = ("id", "request_id", "user_id", "user_name", "timestamp")

    @extend_schema_field(UserKeyField)
    def get_user_id(self, tie: Connection) -> int | str:
        return wire_key(self._peer(tie).pk)

    def get_user_name(self, tie: Connection) -> str:
        return display_name(self._peer(tie))

    def _peer(self, tie: Connection) -> Any:
        return tie.other if tie.one_id == self.context["user"].pk else tie.one


class RequestOut(serializers.ModelSerializer):
    """A request, as one of the two sees it. The context names that one as ``user``."""

    request_id = serializers.IntegerField(source="pk")
    from_user_id = UserKeyField()
    from_user_name = UserNameField(source="from_user")
    to_user_id = UserKeyField()
    to_user_name = UserNameField(source="to_user")
    status = serializers.SerializerMethodField(
        help_text="`pending`; `accepted`; `declined`, to the decliner; `withdrawn`; `blocked`, to the blocker"
    )
    timestamp = TimeField()

    class Meta:
        model = Request
        fields: tuple[str, ...] = (
            *("id", "request_id", "from_user_id", "from_user_name", "to_user_id", "to_user_name"),
            *("status", "timestamp"),
        )

    def get_status(self, request: Request) -> str:
        return selectors.request_status(user=self.context["user"], request=request)


class RequestMade(RequestOut):
    duplicate = serializers.BooleanField(help_text="it was open already, or made by this `ref` before")

    class Meta(RequestOut.Meta):
        fields = (*RequestOut.Meta.fields, "duplicate")


class BlockOut(serializers.ModelSerializer):
    user_id = UserKeyField(source="blocked_id")
    user_name = UserNameField(source="blocked")
    timestamp = TimeField()

    class Meta:
        model = Block
        fields: tuple[str, ...] = ("id", "user_id", "user_name", "timestamp")


class BlockMade(BlockOut):
    duplicate = serializers.BooleanField(help_text="blocked already, or by this `ref` before")

    class Meta(BlockOut.Meta):
        fields = (*BlockOut.Meta.fields, "duplicate")


class ConnectionsOut(serializers.Serializer):
    results = ConnectionOut(many=True)
    next = serializers.URLField(allow_null=True)
    cursor = serializers.CharField(help_text="`since` for the channel `connections`")


class RequestsOut(ConnectionsOut):
    results = RequestOut(many=True)  # type: ignore[assignment]  # another row in the same page


class BlocksOut(ConnectionsOut):
    results = BlockOut(many=True)  # type: ignore[assignment]  # another row in the same page
