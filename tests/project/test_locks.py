"""The lock files of client/, web/ and bench/node/: good on every machine, whoever made them."""

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def packages(folder: str) -> dict[str, dict[str, Any]]:
    lock: dict[str, Any] = json.loads((ROOT / folder / "package-lock.json").read_text())
    found: dict[str, dict[str, Any]] = lock["packages"]
    return found


@pytest.mark.parametrize("folder", ["client", "web", "bench/node"])
def test_a_lock_names_no_registry(folder: str) -> None:
    assert [name for name, package in packages(folder).items() if "resolved" in package] == []


@pytest.mark.parametrize("folder", ["client", "web", "bench/node"])
def test_a_lock_has_the_parts_for_every_platform(folder: str) -> None:
    """`npm ci` refuses a lock without them; npm leaves those out that its registry does not offer."""
    locked = packages(folder)
    missing = [
        name
        for package in locked.values()
        for name in package.get("optionalDependencies", ())
        if f"node_modules/{name}" not in locked
    ]
    assert missing == []
