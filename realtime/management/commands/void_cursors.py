from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from realtime import history, log


class Command(BaseCommand):
    help = "End all cursors, after the database was put back to an older copy while no server ran."

    def handle(self, *args: Any, **options: Any) -> None:
        history.renew(log.standing().epoch)
        self.stdout.write("All cursors are void: clients will be told, and read their state again.")
