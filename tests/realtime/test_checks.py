"""System checks: what would break a promise is refused at start."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import checks
from django.db import connection, connections
from psycopg import IsolationLevel

from tests.harness.databases import Database
from tests.harness.site import Sites

LONG_KEY = "k" * 40


def found(**options: Any) -> dict[str, str]:
    """The core's complaints: id and message."""
    errors = checks.run_checks(tags=["kith"], include_deployment_checks=True, **options)
    assert all(error.hint for error in errors if str(error.id).startswith("kith.E"))
    return {str(error.id): str(error.msg) for error in errors if str(error.id).startswith("kith.E")}


def test_the_tests_own_settings_are_fine() -> None:
    assert found() == {}


class ChatsElsewhere:
    """A database router."""

    def db_for_write(self, model: Any, **_: Any) -> str | None:
        return "elsewhere" if model._meta.app_label == "kith_chat" else None


def test_models_and_log_are_in_one_database(settings: Any) -> None:
    settings.DATABASE_ROUTERS = [f"{__name__}.{ChatsElsewhere.__name__}"]
    complaints = found()
    assert set(complaints) == {"kith.E001"}
    assert "is written to the database 'elsewhere', its events to 'default'" in complaints["kith.E001"]


@pytest.mark.parametrize(
    ("level", "refused"),
    [
        (IsolationLevel.REPEATABLE_READ, True),
        (IsolationLevel.SERIALIZABLE, True),
        (IsolationLevel.READ_COMMITTED, False),
    ],
)
def test_a_project_wide_isolation_level_is_refused(
    postgres_database: Database, monkeypatch: pytest.MonkeyPatch, level: IsolationLevel, refused: bool
) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", level)
    assert set(found()) == ({"kith.E002"} if refused else set())


@pytest.mark.parametrize(
    ("key", "debug", "refused"),
    [
        ("django-insecure-" + LONG_KEY, False, True),
        ("short", False, True),
        (LONG_KEY, False, False),
        ("short", True, False),
    ],
)
def test_a_secret_key_that_anyone_could_guess_is_refused(
    settings: Any, key: str, debug: bool, refused: bool
) -> None:
    settings.SECRET_KEY, settings.DEBUG = key, debug
    assert set(found()) == ({"kith.E003"} if refused else set())


@pytest.mark.parametrize("name", ["KITH_ALLOWED_ORIGINS", "ALLOWED_HOSTS"])
def test_everybodys_origin_is_refused_but_in_development(settings: Any, name: str) -> None:
    setattr(settings, name, ["example.org", "*"])
    assert set(found()) == {"kith.E004"}
    settings.DEBUG = True
    assert found() == {}


def test_redis_without_its_layer_is_refused(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    assert set(found()) == {"kith.E005"}
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}}
    assert found() == {}


def test_a_postgresql_without_what_the_log_needs_is_refused(
    postgres_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(databases=["default"]) == {}
    monkeypatch.setitem(vars(connections["default"]), "pg_version", 120022)
    assert set(found(databases=["default"])) == {"kith.E006"}


def test_a_setting_that_does_not_fit_stops_the_server_at_start(sites: Sites) -> None:
    with pytest.raises(
        RuntimeError, match=r"kith\.E007.*KITH_POLL_S='soon'|KITH_POLL_S='soon'.*\(?kith\.E007"
    ):
        sites.start("sqlite", settings={"KITH_POLL_S": "soon"})
