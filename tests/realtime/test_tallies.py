"""Totals as one reader may know them, without sockets and without a database."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import protocol
from realtime.packets import Packet, dump, load
from realtime.tallies import Amount, Tally, Unseen, less

TOPIC, FIELD = "notes.a", "total"


def told(seq: int, actor: str | None, total: Amount, added: Amount, counter: str = "notes") -> Packet:
    """An act as its stream tells it."""
    body = protocol.encode({"type": "noted", "text": f"no {seq}", FIELD: total})
    return Packet(TOPIC, body, "noted", seq, seq + 100, actor, tally=Tally(FIELD, counter, added))


def total_of(text: str) -> Amount:
    total: Amount = json.loads(text)[FIELD]
    return total


def test_nobody_hidden_is_told_the_same_text_as_everybody() -> None:
    packet = told(1, "7", 3, 1)
    assert Unseen().text(packet, frozenset()) is packet.text
    nothing_added = Unseen(frozenset("9"), {TOPIC: 0}, [("9", "another total", 5)])
    assert nothing_added.text(packet, frozenset("9")) is packet.text
    assert Unseen().frame(packet) is nothing_added.frame(packet) is packet.frame


def test_only_the_total_is_another() -> None:
    packet = told(1, "7", 3, 1)
    text = Unseen(frozenset("9"), {TOPIC: 0}, [(9, "notes", 2)]).text(packet, frozenset("9"))
    assert json.loads(text) == json.loads(packet.text) | {FIELD: 1}
    assert list(json.loads(text)) == list(json.loads(packet.text))


def test_a_frame_is_the_text_without_all_who_are_hidden() -> None:
    unseen = Unseen(frozenset("89"), {TOPIC: 0}, [("8", "notes", 1), ("9", "notes", 2)])
    packet = told(1, "7", 6, 1)
    assert unseen.frame(packet) == protocol.wire_frame(unseen.text(packet, unseen.users).encode())


def test_of_those_who_are_watched_only_those_count_who_are_hidden_now() -> None:
    unseen = Unseen(frozenset("89"), {TOPIC: 0}, [("8", "notes", 1), ("9", "notes", 2)])
    packet = told(1, "7", 6, 1)
    hidden = [frozenset(), frozenset("8"), frozenset("9"), frozenset("89")]
    assert [total_of(unseen.text(packet, users)) for users in hidden] == [6, 5, 4, 3]


def test_an_act_that_is_told_again_counts_once() -> None:
    unseen = Unseen(frozenset("9"), {TOPIC: 1})
    for _ in range(3):
        unseen.note(told(2, "9", 5, 1))
    assert total_of(unseen.text(told(3, "7", 6, 1), frozenset("9"))) == 5


def test_an_event_without_a_tally_is_as_it_is() -> None:
    packet = Packet(TOPIC, b'{"type":"noted"}', "noted", 1, 1, "7")
    unseen = Unseen(frozenset("9"), {TOPIC: 0}, [("9", "notes", 2)])
    unseen.note(Packet(TOPIC, b'{"type":"noted"}', "noted", 1, 1, "9"))
    assert unseen.text(packet, frozenset("9")) is packet.text


@pytest.mark.parametrize(
    ("total", "amount", "left"),
    [
        (3, {"": 1}, 2),
        (3, {}, 3),
        (1, {"": 2}, 0),
        ({"like": 2, "sad": 1}, {"like": 1, "sad": 1}, {"like": 1}),
        ({"like": 2}, {"wow": 1}, {"like": 2}),
        ({"like": 1}, {"like": 0, "sad": 3}, {"like": 1}),
    ],
)
def test_what_is_left_of_a_total(total: Amount, amount: dict[str, int], left: Amount) -> None:
    assert less(total, amount) == left


def test_a_tally_goes_through_the_broker() -> None:
    for added in (-1, {"like": 1, "sad": -1}):
        packet = told(1, "7", 3, added)
        [loaded] = load(dump([packet]))
        assert loaded.tally == packet.tally


# ── at every place of a stream ──────────────────────────────────────────────────────────────


class Act(NamedTuple):
    """Somebody has another number of notes, or another reaction, from now on."""

    actor: str
    counter: str
    choice: int


acts = st.lists(
    st.builds(Act, st.sampled_from("6789"), st.sampled_from(["notes", "kinds"]), st.integers(0, 3)),
    max_size=30,
)
KINDS = ("", "like", "sad", "wow")  # by choice; the first is none


def state_after(acts: list[Act], counter: str, actors: str) -> Amount:
    """The total of these people alone, counted anew."""
    last = {act.actor: act.choice for act in acts if act.counter == counter and act.actor in actors}
    if counter == "notes":
        return sum(last.values())
    kinds = [KINDS[choice] for choice in last.values() if choice]
    return {kind: kinds.count(kind) for kind in kinds}


def stream_of(acts: list[Act]) -> list[Packet]:
    """What is told of these acts."""
    packets = []
    for index, act in enumerate(acts):
        upto = acts[: index + 1]
        before, after = (state_after(some, act.counter, act.actor) for some in (acts[:index], upto))
        total = state_after(upto, act.counter, "6789")
        packets.append(told(index + 1, act.actor, total, difference(before, after), act.counter))
    return packets


def difference(before: Amount, after: Amount) -> Amount:
    if isinstance(before, int) or isinstance(after, int):
        assert isinstance(before, int)
        assert isinstance(after, int)
        return after - before
    return {kind: after.get(kind, 0) - before.get(kind, 0) for kind in {*before, *after}}


@given(acts, st.data(), st.sets(st.sampled_from("6789")))
def test_every_total_is_that_of_those_whom_the_reader_sees(
    acts: list[Act], data: st.DataObject, hidden: set[str]
) -> None:
    """Whenever it was read what the hidden add, and wherever the first frame is: before it, or after it."""
    head = data.draw(st.integers(0, len(acts)), "head")
    floor = data.draw(st.integers(0, head), "floor")
    seen = "".join(sorted({*"6789"} - hidden))
    now = [
        (user, counter, state_after(acts[:head], counter, user))
        for user in hidden
        for counter in ("notes", "kinds")
    ]
    unseen, stream = Unseen(frozenset(hidden), {TOPIC: head}, now), stream_of(acts)
    for packet in stream[floor:head]:
        unseen.note(packet)
    for index, packet in list(enumerate(stream))[floor:]:
        unseen.note(packet)
        if acts[index].actor in seen:
            total = total_of(unseen.text(packet, frozenset(hidden)))
            assert total == state_after(acts[: index + 1], acts[index].counter, seen)
