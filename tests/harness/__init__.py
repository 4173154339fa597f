"""The test harness: real servers, real databases, real sockets.

    waiting    wait for a condition, never for a time
    process    a child process: start, kill, pause, its log
    servers    RedisServer, PostgresServer (from wheels, no root needed)
    databases  fresh migrated databases, and Django in this process pointed at one of them
    site       Site: a running `manage.py serve`; Sites: starts them and clears up
    client     Client: a WebSocket client for tests
    stream     Stream and poll: the same without WebSockets
    wire       every frame that comes is one that the schema declares
    people     People: users, chats and tokens
    rows       rows of PROTOCOL §4, which apps write down a second time
    views      what one user knows of a channel: read by REST, kept by events
    law        state before + events = state after, put to the test
    races      things done at once, and what waits for what

The fixtures that hand them out are in tests/conftest.py.
"""
