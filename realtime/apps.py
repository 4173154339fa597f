from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RealtimeConfig(AppConfig):
    name = "realtime"
    label = "kith_realtime"  # our tables never clash with a project's own
    verbose_name = "Kith: realtime"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from realtime import checks, rights, signals  # models are there only now

        checks.register()
        autodiscover_modules("events", "consumers")  # what the apps declare, as admin does
        signals.watch_declared()
        rights.watch_users()
