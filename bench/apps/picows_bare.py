"""Everything said goes to everyone: ``python -m bench.apps.picows_bare PORT``."""

from __future__ import annotations

import sys

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

everyone: set[WSTransport] = set()


class Client(WSListener):
    def on_ws_connected(self, transport: WSTransport) -> None:
        everyone.add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        everyone.discard(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
            return
        payload = frame.get_payload_as_bytes()
        for other in everyone:
            other.send(WSMsgType.TEXT, payload)


def client(request: WSUpgradeRequest) -> WSListener:
    return Client()


async def main(port: int) -> None:
    """Serve until killed."""
    server = await ws_create_server(client, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
