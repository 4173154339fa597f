"""A link whose client holds little: what it does not read soon waits in the server."""

from __future__ import annotations

import socket


def narrow(port: int) -> socket.socket:
    """A connection to a server here; for `client.connect` as ``sock``, with ``max_queue=1``."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.connect(("127.0.0.1", port))
    link.setblocking(False)
    return link
