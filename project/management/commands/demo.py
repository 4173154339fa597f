from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from project.demo import fill
from project.welcome import DEMO_PASSWORD, DEMO_USERNAMES


class Command(BaseCommand):
    help = "Fill a database that has no users with people who chat. Refused when DEBUG is off."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--optional",
            action="store_true",
            help="say nothing where demo data has no place (`make run` does not care)",
        )

    def handle(self, *args: Any, optional: bool, **options: Any) -> None:
        """Adds everything or nothing.

        Raises:
            CommandError: DEBUG is off: everybody knows the password.
        """
        if not settings.DEBUG:
            if optional:
                return
            raise CommandError("DEBUG is off. Demo data has a well-known password: not on a real site.")
        with transaction.atomic():
            if get_user_model().objects.exists():
                if not optional:
                    self.stdout.write("This database has users already: nothing added.")
                return
            fill()
        names = ", ".join(DEMO_USERNAMES)
        self.stdout.write(f"Added demo data: {names}, each with the password {DEMO_PASSWORD}.")
