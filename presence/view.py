"""What one process knows of everybody's presence: the store's changes, applied. Pure: no I/O.

It is both what state frames are made from and what this process's watchers were told, so the two
cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable

from presence.store import Change, Everyone, Status

RECENT_MS = 60_000  # the database has had the time to learn of it


class View:
    """``statuses``: everyone online, the invisible included. ``left``: when those who are no longer
    seen were last seen, ms, as far as the database may not know it yet."""

    def __init__(self) -> None:
        self.statuses: dict[str, Status] = {}
        self.left: dict[str, int] = {}

    def seen(self, user: str) -> Status | None:
        """What others see; None: offline, or invisible."""
        status = self.statuses.get(user)
        return None if status is Status.INVISIBLE else status

    def apply(self, changes: Iterable[Change]) -> list[Change]:
        """What is different for others after these changes, one for each user whom it is for;
        INVISIBLE is told as gone."""
        before: dict[str, Status | None] = {}
        for user, status, at in changes:
            seen = self.seen(user)
            before.setdefault(user, seen)
            if status is None:
                self.statuses.pop(user, None)
            else:
                self.statuses[user] = status
            if seen is not None and self.seen(user) is None:
                self.left[user] = at
        now = {user: self.seen(user) for user in before}
        return [
            Change(user, now[user], self.left.get(user, 0))
            for user, seen in before.items()
            if seen is not now[user]
        ]

    def replace(self, everyone: Everyone) -> list[Change]:
        """The same for all that is true now."""
        gone = [Change(user, None, everyone.at) for user in self.statuses.keys() - everyone.statuses.keys()]
        here = [Change(user, status, everyone.at) for user, status in everyone.statuses.items()]
        return self.apply([*gone, *here])

    def forget(self, now: int) -> None:
        """Drop what the database knows by now."""
        self.left = {user: at for user, at in self.left.items() if at > now - RECENT_MS}
