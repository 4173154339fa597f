"""What coming, going and hiding changes, for whom (tests/test_law.py). `last_seen_save` is the second half of
going: the server calls it."""

from __future__ import annotations

from functools import partial

from presence.models import LastSeen
from presence.services import last_seen_save
from tests.harness.waiting import eventually
from tests.law_scene import Case, Stage


async def set_status(stage: Stage, status: str) -> None:
    await stage.command("erin", "online", type="status", status=status)


async def leave(stage: Stage) -> None:
    """Erin's only device goes, and it is kept when she was last seen."""
    await stage.device.close()

    async def kept() -> bool:
        seen = LastSeen.objects.filter(user=stage.scene.erin)
        return bool(stage.site.run(seen.exists))

    await eventually(kept, within=20)


async def reload(stage: Stage) -> None:
    """Her device goes and returns within the grace time."""
    await stage.device.close()
    await stage.stack.enter_async_context(stage.site.open("online", stage.scene.erin))


CASES = [
    Case(last_seen_save, "a friend leaves", {"online": "alice"}, leave),
    Case(last_seen_save, "a friend hides", {"online": "alice"}, partial(set_status, status="invisible")),
    Case(
        last_seen_save,
        "a friend is busy",
        {"online": "alice"},
        partial(set_status, status="busy"),
    ),
    Case(last_seen_save, "a friend loads the page again", {}, reload),
]
