"""project/page.py and what serves the files of the page."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from project.welcome import DEMO_PASSWORD

INDEX = '<!doctype html><html lang="en"><head><title>Kith</title></head><body></body></html>'
SCRIPT = "web/index-DLBSa23Y.js"


@pytest.fixture
def built(settings: Settings, tmp_path: Path) -> Path:
    """A build as Vite leaves it."""
    (tmp_path / "web").mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / SCRIPT).write_text("export {};")
    (tmp_path / "web/plain.js").write_text("export {};")
    settings.WEB_DIST = tmp_path
    settings.STATICFILES_DIRS = [("web", tmp_path / "web")]
    return tmp_path


@pytest.mark.usefixtures("built")
def test_the_page_lets_only_its_own_scripts_run_and_talk_only_to_its_server() -> None:
    response = Client().get("/", headers={"host": "localhost:8000"})
    assert response.status_code == 200
    assert response.content.decode() == INDEX
    policy = dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self' ws://localhost:8000 wss://localhost:8000"
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["Cache-Control"] == "no-cache"


@pytest.mark.usefixtures("built")
def test_files_named_by_their_content_are_kept_for_ever_and_others_are_not() -> None:
    hashed, plain = Client().get(f"/static/{SCRIPT}"), Client().get("/static/web/plain.js")
    assert (hashed.status_code, plain.status_code) == (200, 200)
    assert "immutable" in hashed["Cache-Control"]
    assert re.fullmatch(r"max-age=\d{8,}, public, immutable", hashed["Cache-Control"])
    assert "immutable" not in plain["Cache-Control"]
    assert hashed["Content-Type"].startswith("text/javascript")


def test_a_page_that_was_not_built_says_what_to_type(settings: Settings, tmp_path: Path) -> None:
    settings.WEB_DIST = tmp_path / "nowhere"
    response = Client().get("/")
    assert response.status_code == 503
    assert "make web" in response.content.decode()
    assert "/api/docs/" in response.content.decode()
    assert "script-src 'self'" in response["Content-Security-Policy"]


@pytest.mark.django_db
@pytest.mark.usefixtures("built")
def test_the_page_names_the_demo_accounts_only_where_everybody_may_know(settings: Settings) -> None:
    settings.DEBUG = True
    assert DEMO_PASSWORD not in Client().get("/").content.decode()
    call_command("demo")
    shown = Client().get("/").content.decode()
    assert 'content="alice bob carol dave"' in shown
    assert DEMO_PASSWORD in shown
    settings.DEBUG = False
    assert DEMO_PASSWORD not in Client().get("/").content.decode()


def test_the_api_docs_stay_where_they_are() -> None:
    assert Client().get("/api/docs/").status_code == 200
