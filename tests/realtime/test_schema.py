"""What `manage.py export_schema` writes, and that the checked-in copy is what it writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKED_IN = ROOT / "client" / "schema"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command writes, in a process of its own: the registries of this one hold the tests' events."""
    out = tmp_path_factory.mktemp("schema")
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "manage.py", "export_schema", "--out", str(out)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=60, capture_output=True)
    return out


def test_the_checked_in_schema_is_what_the_code_says(exported: Path) -> None:
    written = {path.name: path.read_text() for path in exported.iterdir()}
    checked_in = {path.name: path.read_text() for path in CHECKED_IN.iterdir()}
    assert checked_in == written, "client/schema is stale: run `python manage.py export_schema`"
