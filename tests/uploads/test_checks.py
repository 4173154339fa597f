"""System checks of uploads."""

from __future__ import annotations

from typing import Any

from django.core.checks import run_checks


def ours() -> list[str]:
    return [str(found.id) for found in run_checks() if str(found.id).startswith("kith_uploads")]


def test_a_type_that_is_never_recognised_is_told_at_start(settings: Any) -> None:
    assert ours() == []
    settings.KITH_UPLOAD_TYPES = ["image/png", "image/svg+xml"]
    assert ours() == ["kith_uploads.W001"]
