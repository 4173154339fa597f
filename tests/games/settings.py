"""The settings of the tests with the games' users and app, without what is the demo project's own."""

import tests.settings

base = vars(tests.settings)
globals().update({name: value for name, value in base.items() if name.isupper()})

OURS = ("unfold", "project")
INSTALLED_APPS = [*(app for app in base["INSTALLED_APPS"] if app not in OURS), "tests.games"]
TEMPLATES = [base["TEMPLATES"][0] | {"DIRS": []}]
AUTH_USER_MODEL = "tests_games.Player"
ASGI_APPLICATION = "tests.games.asgi.application"
