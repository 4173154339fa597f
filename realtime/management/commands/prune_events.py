from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from realtime import pruning
from realtime.conf import setting


class Command(BaseCommand):
    help = "Remove old events from the log, in small batches; servers may run meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--hours",
            type=float,
            default=setting("KITH_LOG_RETENTION_HOURS"),
            help="keep what is younger (KITH_LOG_RETENTION_HOURS)",
        )

    def handle(self, *args: Any, hours: float, **options: Any) -> None:
        if hours <= 0:
            raise CommandError("Say how many --hours to keep; 0 keeps everything, so there is nothing to do.")
        pruning.forget_ended_sessions()
        removed = sum(pruning.prune(hours))
        self.stdout.write(f"Removed {removed} events older than {hours:g} h.")
