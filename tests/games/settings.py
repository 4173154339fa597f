"""The settings of the tests with the games' users and app."""

import tests.settings

base = vars(tests.settings)
globals().update({name: value for name, value in base.items() if name.isupper()})

INSTALLED_APPS = [*base["INSTALLED_APPS"], "tests.games"]
AUTH_USER_MODEL = "tests_games.Player"
ASGI_APPLICATION = "tests.games.asgi.application"
