"""System checks: a setting that could not work is told at start."""

from __future__ import annotations

from typing import Any

from django.core import checks

from realtime.conf import setting
from uploads.sniffing import EXTENSIONS


def register() -> None:
    checks.register(check_types)


def check_types(**_: Any) -> list[checks.CheckMessage]:
    """Every type of ``KITH_UPLOAD_TYPES`` must be one that we recognise, else it is always refused."""
    return [
        checks.Warning(
            f"KITH_UPLOAD_TYPES names {name}, which is not recognised by content and will be refused.",
            hint=f"Recognised: {', '.join(sorted(EXTENSIONS))}.",
            id="kith_uploads.W001",
        )
        for name in sorted(set(setting("KITH_UPLOAD_TYPES")) - EXTENSIONS.keys())
    ]
