"""`make test` finds a browser, installs one, or says what to type."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def program(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def look(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run what `make test` runs on a machine that has nothing but the programs of ``folder``."""
    return subprocess.run(
        [sys.executable, "-m", "tests.browser.chromium"],
        env={"PATH": str(folder), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("name", ["chromium", "google-chrome"])
def test_an_installed_browser_is_used_as_it_is(tmp_path: Path, name: str) -> None:
    program(tmp_path / name)
    program(tmp_path / "apt-get", "echo apt-get was run")
    done = look(tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_browser_may_be_named(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert look(tmp_path, CHROME_BIN=str(program(elsewhere / "my-chrome"))).returncode == 0


def test_a_named_browser_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    program(tmp_path / "chromium")
    done = look(tmp_path, CHROME_BIN=str(tmp_path / "nothing"))
    assert done.returncode == 1
    assert f"CHROME_BIN names {tmp_path / 'nothing'}" in done.stderr


def test_a_machine_without_apt_is_told_what_to_type(tmp_path: Path) -> None:
    done = look(tmp_path)
    assert done.returncode == 1
    assert "sudo apt-get install chromium" in done.stderr


def test_root_installs_one_and_others_are_told_what_to_type(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    browser = tmp_path / "chromium"
    program(
        tmp_path / "apt-get",
        f'echo "$@" >> {asked}',
        f"[ $2 = update ] || {shutil.which('cp')} {tmp_path}/apt-get {browser}",
    )
    done = look(tmp_path)
    if os.geteuid() == 0:
        assert done.returncode == 0, done.stderr
        assert asked.read_text().splitlines()[-1].endswith(" chromium fonts-noto-color-emoji")
    else:
        assert done.returncode == 1
        assert "sudo apt-get install chromium" in done.stderr
        assert not asked.exists()


def test_root_is_told_what_to_type_when_apt_fails(tmp_path: Path) -> None:
    program(tmp_path / "apt-get", "exit 100")
    done = look(tmp_path)
    assert done.returncode == 1
    assert "sudo apt-get install chromium" in done.stderr
