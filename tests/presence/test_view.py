from __future__ import annotations

from presence.store import Change, Everyone, Status
from presence.view import RECENT_MS, View

ONLINE, AWAY, INVISIBLE = Status.ONLINE, Status.AWAY, Status.INVISIBLE


def view_of(**statuses: Status) -> View:
    view = View()
    view.replace(Everyone(0, 0, statuses))
    return view


def test_each_change_that_others_see_is_told() -> None:
    view = View()
    for change in (Change("a", ONLINE, 1), Change("a", AWAY, 2), Change("a", None, 3)):
        assert view.apply([change]) == [Change(*change[:2], 3 if change.status is None else 0)]


def test_the_invisible_leave_return_and_are_gone_without_a_word() -> None:
    view = view_of(a=ONLINE)
    assert view.apply([Change("a", INVISIBLE, 5)]) == [Change("a", None, 5)]
    assert view.apply([Change("a", None, 6)]) == []
    assert view.apply([Change("a", INVISIBLE, 7)]) == []
    assert view.left == {"a": 5}
    assert view.statuses == {"a": INVISIBLE}


def test_of_changes_that_come_together_the_last_is_told() -> None:
    view = view_of(a=ONLINE, b=ONLINE)
    changes = [Change("a", None, 5), Change("b", AWAY, 5), Change("a", ONLINE, 6), Change("b", None, 7)]
    assert view.apply(changes) == [Change("b", None, 7)]


def test_reading_everyone_tells_the_difference() -> None:
    view = view_of(a=ONLINE, b=ONLINE, c=INVISIBLE, d=ONLINE)
    told = view.replace(Everyone(9, 50, {"a": ONLINE, "b": AWAY, "e": ONLINE, "f": INVISIBLE}))
    assert {(user, status) for user, status, _ in told} == {("b", AWAY), ("d", None), ("e", ONLINE)}
    assert view.left == {"d": 50}


def test_what_the_database_knows_by_now_is_forgotten() -> None:
    view = view_of(a=ONLINE, b=ONLINE)
    view.apply([Change("a", None, 1000), Change("b", None, 2000)])
    view.forget(1500 + RECENT_MS)
    assert view.left == {"b": 2000}
