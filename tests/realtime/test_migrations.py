"""Migrations that change how things are done, not what is stored, go back and forth again."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection

from chat.services import message_send
from tests.harness.databases import Database
from tests.harness.people import People
from tests.realtime.talking import said


def test_the_statements_of_batches_go_back_and_come_again(database: Database, people: People) -> None:
    alice = people.user("alice")
    chat = people.chat(alice)
    call_command("migrate", "kith_chat", "0001", verbosity=0)
    call_command("migrate", "kith_realtime", "0003", verbosity=0)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT proname FROM pg_proc WHERE proname LIKE 'kith%'")
            assert cursor.fetchall() == [("kith_number_events",)]
    call_command("migrate", verbosity=0)
    message_send(chat=chat, sender=alice, content="hi", ref="r1")
    assert said(chat) == ["hi"]
