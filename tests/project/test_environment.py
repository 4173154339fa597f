"""project/environment.py, project/settings.py: what a checkout starts from."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from project.environment import env_file_create

ROOT = Path(__file__).parents[2]


def test_the_first_env_file_is_for_its_owner_alone_and_has_a_key_of_its_own(tmp_path: Path) -> None:
    texts = set()
    for name in ("a", "b"):
        assert env_file_create(tmp_path / name)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        texts.add((tmp_path / name).read_text())
    assert len(texts) == 2
    assert all("DEBUG=1" in text.splitlines() for text in texts)


def test_an_env_file_that_exists_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("SECRET_KEY=mine\n")
    assert not env_file_create(path)
    assert path.read_text() == "SECRET_KEY=mine\n"


def test_without_a_secret_key_the_settings_say_what_to_do() -> None:
    environment = {**os.environ, "SECRET_KEY": "", "DJANGO_SETTINGS_MODULE": "project.settings"}
    code = "from django.conf import settings; settings.DEBUG"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "ImproperlyConfigured: SECRET_KEY is not set" in done.stderr
    assert "make run" in done.stderr
