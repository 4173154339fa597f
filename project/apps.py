from importlib import import_module

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """The demo project; an app so that Django finds `manage.py demo`."""

    name = "project"
    label = "kith_project"
    verbose_name = "Kith"

    def ready(self) -> None:
        import_module("project.openapi")  # a class there registers itself
