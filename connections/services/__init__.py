"""Writes of connections, each in the transaction of what it changes and one at a time for a pair.

`tie_made`, `tie_ended` and `hidden_changed` are signals for what belongs to a tie or a block (see
`connections.signals`); `tie_held` and `hidden_held` are for other apps' writes that rely on what is between
two people.
"""

from connections.services.blocks import block_add, block_remove
from connections.services.holds import hidden_held, tie_held, visible_now
from connections.services.requests import request_accept, request_decline, request_send, request_withdraw
from connections.services.ties import connection_make, connection_remove
from connections.signals import hidden_changed, tie_ended, tie_made

__all__ = [
    "block_add",
    "block_remove",
    "connection_make",
    "connection_remove",
    "hidden_changed",
    "hidden_held",
    "request_accept",
    "request_decline",
    "request_send",
    "request_withdraw",
    "tie_ended",
    "tie_held",
    "tie_made",
    "visible_now",
]
