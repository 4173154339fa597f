"""Saves messages as any code does, in autocommit, and is killed at a random moment, again and again.

    python -m tests.realtime.killed_writer <chat id> <sender id> <rounds>

Each round forks a writer, waits until its first message is committed, then for up to `KILL_WITHIN_S`, and
kills it (SIGKILL).
"""

from __future__ import annotations

import itertools
import os
import random
import select
import signal
import sys

import django

KILL_WITHIN_S = 0.03  # a dozen messages, each with two statements and one commit


def write_for_ever(chat_id: int, sender_id: int, first: int) -> None:
    from chat.models import Message

    for number in itertools.count():
        Message.objects.create(chat_id=chat_id, sender_id=sender_id, content=str(number))
        if number == 0:
            os.write(first, b"1")


def main(chat_id: int, sender_id: int, rounds: int) -> None:
    for _ in range(rounds):
        committed, first = os.pipe()
        child = os.fork()
        if not child:
            write_for_ever(chat_id, sender_id, first)
        os.read(committed, 1)
        select.select([committed], [], [], random.uniform(0, KILL_WITHIN_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(committed)
        os.close(first)


if __name__ == "__main__":
    django.setup()
    main(*map(int, sys.argv[1:]))
