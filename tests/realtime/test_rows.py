"""What is inserted as JSON is what the ORM would have saved, and its instance what the ORM would load."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import models, transaction

from chat.models import Chat, Message
from realtime import rows
from tests.harness.databases import Database
from tests.harness.people import People

AT = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)
NAMES = (
    "id",
    "chat_id",
    "sender_id",
    "content",
    "attachment",
    "reply_to_id",
    "ref",
    "timestamp",
    "edited_at",
)


@pytest.fixture
def values(database: Database, people: People) -> dict[str, Any]:
    """Of a message."""
    alice = people.user("alice")
    chat: Chat = people.chat(alice)
    told = (7, chat.pk, alice.pk, 'it\'s "100 %"\n\U0001f980 \\', "", None, "a", AT, None)
    return dict(zip(NAMES, told, strict=True))


def insert(values: dict[str, Any]) -> None:
    with transaction.atomic():
        rows.insert(Message, tuple(values), [tuple(values.values())], using="default")


def test_a_row_holds_the_values_of_every_type_as_they_were_given(values: dict[str, Any]) -> None:
    insert(values)
    assert Message.objects.values(*NAMES).get() == values


def test_its_instance_is_as_if_it_was_loaded(values: dict[str, Any]) -> None:
    insert(values)
    made, loaded = rows.inserted(Message, values, using="default"), Message.objects.get()
    assert {name: getattr(made, name) for name in NAMES} == {name: getattr(loaded, name) for name in NAMES}
    assert made == loaded
    assert made.get_deferred_fields() == {"deleted_at"}
    assert made.deleted_at is None  # is asked for
    made.content = "else"
    made.save(update_fields=["content"])
    assert Message.objects.get().content == "else"


class Shouted(models.TextField):
    """A project's own field, which stores other than what it is given."""

    def get_prep_value(self, value: Any) -> Any:
        return value.upper()


class Cry(models.Model):
    """A chat's row, to somebody else."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=8)
    title = Shouted()
    history = models.CharField(max_length=8)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "tests"
        managed = False
        db_table = Chat._meta.db_table

    def __str__(self) -> str:
        return self.title


def test_a_field_that_stores_other_than_it_is_given_is_asked(database: Database) -> None:
    with transaction.atomic():
        names = ("kind", "title", "history", "created_at")
        rows.insert(Cry, names, [("group", "help", "all", AT)], using="default")
    assert list(Chat.objects.values_list("title", "created_at")) == [("HELP", AT)]
