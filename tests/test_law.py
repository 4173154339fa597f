"""*State read by REST before + events received = state read by REST after*: for every service that writes, on
every channel, for who acts, who is concerned and who is not, over real servers.

Each app says in its `writes.py` what its services change. (The law itself: tests/harness/law.py.)
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from django.apps import apps

from connections import services as connections
from notifications import services as notifications
from realtime.channels import registry as channels
from realtime.events import registry as events
from tests.chat import writes as chat_writes
from tests.connections import writes as connections_writes
from tests.feed import writes as feed_writes
from tests.harness.law import watching
from tests.harness.people import People
from tests.harness.rows import types_of
from tests.harness.site import Site
from tests.law_scene import VIEWS, Case, Scene, Stage
from tests.notifications import writes as notifications_writes
from tests.presence import writes as presence_writes

WRITES = (chat_writes, connections_writes, feed_writes, notifications_writes, presence_writes)
CASES = [case for writes in WRITES for case in writes.CASES]

# Public functions of services that change nothing which anybody is told.
TELL_NOTHING = {
    connections.hidden_held: "holds what is between two people still",
    connections.tie_held: "holds what is between two people still",
    connections.visible_now: "holds what is between two people still",
    notifications.inboxes_hold: "locks",
    notifications.type_register: "declares; nothing is written",
}


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_POLL_S": "0.05", "KITH_PRESENCE_GRACE_S": "0.5"}


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_state_before_and_events_make_the_state_after(
    postgres_site: Site, people: People, case: Case
) -> None:
    await hold(postgres_site, people, case)


@pytest.mark.parametrize("case", [writes.CASES[0] for writes in WRITES], ids=str)
async def test_so_do_they_on_sqlite(site: Site, people: People, case: Case) -> None:
    """One of each app: the databases differ below what services do, and each app is tested on both."""
    await hold(site, people, case)


async def hold(server: Site, people: People, case: Case) -> None:
    scene = server.run(Scene.set, people)
    async with contextlib.AsyncExitStack() as stack:
        users = {name: scene.people[name] for name in case.watching}
        server.run(case.before, scene)
        device = await stack.enter_async_context(server.open("online", scene.erin))
        watch = await stack.enter_async_context(watching(server, users, VIEWS))
        await case.act(Stage(server, scene, device, stack))
        changes = {channel: set(names.split()) for channel, names in case.changes.items()}
        assert await watch.changed() == changes


def test_no_service_is_without_a_case() -> None:
    missing = {*services()} - {case.service for case in CASES} - TELL_NOTHING.keys()
    assert {f"{service.__module__}.{service.__name__}" for service in missing} == set()


def test_every_event_has_its_row() -> None:
    """So that a new one has to say what it changes; and nothing is in the rows that nobody says."""
    told = {event.type for event in events.values() if of_an_app(event) and not event.silent}
    assert set().union(*(types_of(view.rows) for view in VIEWS)) == told


def test_commands_are_those_of_the_protocol() -> None:
    """PROTOCOL §5, written down a second time."""
    found = {name: set(channel.commands) for name, channel in channels.items() if of_an_app(channel)}
    assert found == {
        "messages/<chat_id>": {"message", "edit", "delete", "react", "typing", "read"},
        "messages": set(),
        "connections": {"request", "withdraw", "accept", "decline", "remove", "block", "unblock"},
        "notifications": {"read"},
        "feed": set(),
        "online": {"status"},
    }


def of_an_app(declared: type) -> bool:
    """Not the core's, nor one that a test declares."""
    place = declared.__module__.partition(".")[0]
    return place != "realtime" and apps.is_installed(place)


def services() -> Iterator[Callable[..., Any]]:
    """The services of every app that tells something: the public functions that take keywords alone."""
    for config in apps.get_app_configs():
        if config.name == "realtime" or not find_spec(f"{config.name}.events"):
            continue
        package = importlib.import_module(f"{config.name}.services")
        inner = pkgutil.iter_modules(getattr(package, "__path__", ()), f"{package.__name__}.")
        for module in [package, *(importlib.import_module(found.name) for found in inner)]:
            for name, service in inspect.getmembers(module, inspect.isfunction):
                mine = service.__module__ == module.__name__ and not name.startswith("_")
                if name in getattr(package, "__all__", ()) or (mine and _keywords_alone(service)):
                    yield service


def _keywords_alone(service: Callable[..., Any]) -> bool:
    kinds = [parameter.kind for parameter in inspect.signature(service).parameters.values()]
    return set(kinds) == {inspect.Parameter.KEYWORD_ONLY}
