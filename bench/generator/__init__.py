"""The load generator: many WebSocket clients in one process, picows on uvloop. See `__main__`."""
