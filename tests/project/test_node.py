"""project/node.py: npm from wherever it can be had."""

import os
import stat
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from project.node import is_new_enough

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v20.19.0", True),
        ("v20.18.3", False),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.0.0", True),
        ("v18.20.4", False),
        ("", False),
    ],
)
def test_which_node_will_do(version: str, enough: bool) -> None:
    assert is_new_enough(f"{version}\n") is enough


def run(python: str | Path, path: Path, *, folder: Path) -> subprocess.CompletedProcess[str]:
    """`npm --version` where nothing is on PATH but what is in ``path``, and PyPI is out of reach."""
    environment = {**os.environ, "PATH": str(path), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    command = [str(python), "-m", "project.node", str(folder), "--version"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def script(path: Path, says: str) -> None:
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_the_machines_npm_is_used_with_the_node_beside_it(tmp_path: Path) -> None:
    script(tmp_path / "node", "echo v22.12.0")
    script(tmp_path / "npm", 'echo "npm in $PWD with $(node)"')
    done = run(sys.executable, tmp_path, folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"npm in {tmp_path} with v22.12.0\n")


def test_without_any_node_it_is_said_what_is_missing(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    script(tmp_path / "node", "echo v18.20.4")
    script(tmp_path / "npm", "echo must not run")
    done = run(tmp_path / "venv/bin/python", tmp_path, folder=tmp_path)
    assert done.returncode == 1
    assert "Node.js 20.19 or newer with npm is needed here" in done.stderr
    assert "Traceback" not in done.stderr
    assert "must not run" not in done.stdout
