from django.apps import AppConfig


class GamesConfig(AppConfig):
    name = "tests.games"
    label = "tests_games"
    default_auto_field = "django.db.models.BigAutoField"
