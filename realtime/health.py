"""Is it alive, is it ready, how is it doing: for load balancers and people (PROTOCOL §8)."""

from __future__ import annotations

import asyncio
import logging
import os

from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from realtime import hub, log, threads

logger = logging.getLogger("kith.health")

READY_WITHIN_S = 2.0  # probes of load balancers wait 1 to 5 s


async def health(_request: HttpRequest) -> JsonResponse:
    """This process lives, with so many users (``active_connections``) and sockets."""
    running = hub.current()
    users, sockets = (len(running.users), len(running.sockets)) if running else (0, 0)
    return JsonResponse({"status": "healthy", "active_connections": users, "total_sockets": sockets})


async def ready(_request: HttpRequest) -> JsonResponse:
    """200 when database and broker answer, else 503 with the reason of each. Without the broker
    nothing is lost and this process's own sockets are told at once, but others wait for the tail."""
    problems = {}
    if not await _database_answers():
        problems["database"] = "does not answer"
    running = hub.current()
    if running is not None and running.draining:
        problems["server"] = "is stopping"
    if running is not None and running.broker is not None and not running.broker.available:
        problems["broker"] = "does not answer"
    if problems:
        return JsonResponse({"status": "unavailable", "problems": problems}, status=503)
    return JsonResponse({"status": "ready"})


async def _database_answers() -> bool:
    """A pool may wait much longer for a connection than a probe waits for us."""
    asking = asyncio.ensure_future(threads.read(log.standing))
    done, _ = await asyncio.wait({asking}, timeout=READY_WITHIN_S)
    if not done:
        asking.add_done_callback(lambda late: late.cancelled() or late.exception())
        return False
    if error := asking.exception():
        logger.warning("not ready: %s", error)
    return error is None


def prometheus(_request: HttpRequest) -> HttpResponse:
    """This process's figures; of several workers on one port, all of theirs together."""
    figures: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        figures = CollectorRegistry()
        MultiProcessCollector(figures)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(figures), content_type=CONTENT_TYPE_LATEST)
