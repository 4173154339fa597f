"""What Prometheus reads at /metrics."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

sockets = Gauge("kith_sockets", "open WebSockets", multiprocess_mode="livesum")
users = Gauge("kith_users", "users with an open socket, in each process", multiprocess_mode="livesum")
streams = Gauge("kith_streams", "topics that sockets of a process listen to", multiprocess_mode="livesum")
tasks = Gauge("kith_tasks", "asyncio tasks", multiprocess_mode="livesum")
threads = Gauge("kith_threads", "threads", multiprocess_mode="livesum")
delivered = Counter("kith_delivered_total", "durable events written to live sockets")
replayed = Counter("kith_replayed_total", "durable events read from the log for sockets behind")
holes = Counter("kith_holes_total", "topics read from the log because a packet was missing")
behind = Counter("kith_fell_behind_total", "times that a slow socket fell behind")
commands = Counter("kith_commands_total", "commands of clients", ["outcome"])
done = commands.labels(outcome="done")  # looked up once: of each command
refused = Counter("kith_refused_total", "sockets refused or closed by the server", ["code"])
