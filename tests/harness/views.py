"""What one user knows of a channel: read by REST, kept by events. The base of each app's `state.py`."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, ClassVar, Self

from tests.harness.client import Frame
from tests.harness.rows import AROUND, row_of
from tests.harness.site import Site

PAGE = 4  # few, so that reading a state turns pages


class Rest:
    """What one user reads by REST."""

    def __init__(self, site: Site, user: Any) -> None:
        self.user_id: int = user.pk
        self.api = site.api(user)

    def get(self, path: str) -> Any:
        """The JSON at a path. Raises httpx.HTTPStatusError."""
        return self.api.get(path).raise_for_status().json()

    def find(self, path: str) -> Any | None:
        """The JSON at a path, None where there is nothing for this user."""
        answer = self.api.get(path)
        return None if answer.status_code == 404 else answer.raise_for_status().json()

    def pages(self, path: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        found = [self.get(f"{path}{'&' if '?' in path else '?'}limit={PAGE}")]
        while url := found[-1]["next"]:
            found.append(self.get(url))
        return found

    def rows(self, path: str) -> list[dict[str, Any]]:
        """All rows of a list."""
        return [row for page in self.pages(path) for row in page["results"]]

    def __deepcopy__(self, _memo: object) -> Self:
        return self


class View:
    """What one user knows of one channel. Subclasses say how REST tells it (`read`), what there is to compare
    (`facts`), and what each event changes: ``on_<type>``, with the frame's own fields as keywords. Applying
    events again, in their order, ends in the same state."""

    channel: str
    rows: ClassVar[Any]  # of PROTOCOL §4: all that may come
    is_late: ClassVar[bool] = False  # REST, too, learns of a change a moment after it was made

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.cursor = ""
        self.read()

    def read(self) -> None:
        """Take all of the state, and the cursor that goes with it, from REST."""
        raise NotImplementedError

    @property
    def facts(self) -> Any:
        """All there is to compare."""
        raise NotImplementedError

    def again(self) -> Self:
        """What REST says now."""
        now = self.fork()
        now.read()
        return now

    def fork(self) -> Self:
        return deepcopy(self)

    def lose(self) -> None:
        """The channel was refused: there is no right to it any more."""
        raise AssertionError(f"{self.channel} was refused")

    def beside(self) -> Iterable[str]:
        """Other channels that one who returns opens, for their state frames."""
        return ()

    def expects(self, user_ids: set[int]) -> bool:
        """Whether it shows what these users' watching itself brings about."""
        return True

    def hears(self, frame: Frame) -> bool:
        """Whether this is an event of the view's channel."""
        return frame["type"] not in AROUND and self.covers(frame.get("channel"))

    def covers(self, channel: str | None) -> bool:
        return channel == self.channel

    def apply_all(self, frames: Iterable[Frame]) -> None:
        """Apply those of the frames that are its events, in their order. Raises as `apply`."""
        for frame in frames:
            if self.hears(frame):
                self.apply(frame)

    def apply(self, frame: Frame) -> None:
        """What this event changes.

        Raises:
            msgspec.ValidationError: it does not fit its row, or has none.
            KeyError: it tells of what this user cannot know.
        """
        row_of(frame, self.rows)
        fields = {name: value for name, value in frame.items() if name not in ("type", "channel", "id")}
        getattr(self, f"on_{frame['type']}")(**fields)
