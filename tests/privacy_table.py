"""Who gets what of one person's things: the tables that tests/test_privacy.py proves over a real server.

The columns are people, as they stand to the subject:

    self         the subject, on another device
    friend       an accepted connection
    unseen       an accepted connection who is invisible
    asked        no tie, but the subject asked for one
    stranger     no tie
    former       was connected, and was in the group; is not any more
    barred       was connected; the subject blocked them
    barring      was connected; they blocked the subject
    nobody       not signed in

All but ``nobody`` are connected with a common host. In the group: subject, host, friend, stranger, barring.
"Before": former, barred and barring were still connected, and former was in the group. "Now": not any more.
"""

from __future__ import annotations

import re

# ``x``: sees it; ``.``: nothing tells of it, in any way: live, replayed from 0 or from before, or by REST.
SEES = """
what                             self  friend  unseen  asked  stranger  former  barred  barring  nobody
a post before                    x     x       x       .      .         .       .       .        .
a post now                       x     x       x       .      .         .       .       .        .
a comment under it before        x     x       x       .      .         .       .       .        .
a file                           x     x       x       .      .         .       .       .        .
a comment on the host's before   x     x       x       x      x         x       .       .        .
a comment on the host's now      x     x       x       x      x         x       .       .        .
a reaction to the host's before  x     x       x       x      x         x       .       .        .
a reaction to the host's now     x     x       x       x      x         x       .       .        .
that reaction, counted           x     x       x       x      x         x       .       .        .
the group                        x     x       .       .      x         .       .       x        .
a group message before           x     x       .       .      x         .       .       x        .
a group message now              x     x       .       .      x         .       .       x        .
an emoji on it                   x     x       .       .      x         .       .       x        .
typing                           x     x       .       .      x         .       .       x        .
how far they read                x     x       .       .      x         .       .       x        .
a message to the barred before   x     .       .       .      .         .       x       .        .
named in the post before         .     x       x       .      .         x       .       .        .
named in the post now            .     x       x       .      .         .       .       .        .
named in the comment before      .     x       x       x      x         x       .       .        .
named in the comment now         .     x       x       x      x         x       .       .        .
named in the message before      .     x       .       .      x         x       .       .        .
named in the message now         .     x       .       .      x         .       .       .        .
a request                        x     .       .       x      .         .       .       .        .
told of the request              .     .       .       x      .         .       .       .        .
that they are busy               .     x       x       .      .         .       .       .        .
their connection                 .     x       x       .      .         .       .       .        .
found by name                    .     x       x       x      x         x       .       .        .
among my blocks                  .     .       .       .      .         .       .       x        .
me                               x     .       .       .      .         .       .       .        .
"""

# The same by what tells of it: a text that is nowhere else, the channels, the paths of REST.
# ``{names}`` are those of the scene. What is "now" is also looked for in what sockets heard live.
PLACES: dict[str, tuple[str, list[str], list[str]]] = {
    "a post before": ("early-post", ["feed"], ["/api/feed/", "/api/posts/{post}/"]),
    "a post now": ("late-post", ["feed"], ["/api/feed/", "/api/posts/{new_post}/"]),
    "a comment under it before": ("early-remark", ["feed"], ["/api/posts/{post}/comments/"]),
    "a file": ("early-file", [], ["{file}"]),
    "a comment on the host's before": ("early-comment", ["feed"], ["/api/posts/{hosts}/comments/"]),
    "a comment on the host's now": ("late-comment", ["feed"], ["/api/posts/{hosts}/comments/"]),
    "a reaction to the host's before": ('"sad"', ["feed"], []),  # in REST the later one is in its place
    "a reaction to the host's now": ('"kind": "wow"', ["feed"], []),
    "that reaction, counted": ('"wow"', ["feed"], ["/api/feed/", "/api/posts/{hosts}/"]),
    "the group": ("early-title", [], ["/api/chats/", "/api/chats/{group}/"]),
    "a group message before": (
        "early-message",
        ["messages", "messages/{group}"],
        ["/api/chats/{group}/messages/"],
    ),
    "a group message now": (
        "late-message",
        ["messages", "messages/{group}"],
        ["/api/chats/{group}/messages/"],
    ),
    "an emoji on it": ("🦊", ["messages", "messages/{group}"], ["/api/chats/{group}/messages/"]),
    "typing": ('"typing"', ["messages", "messages/{group}"], []),
    "how far they read": ('"type": "read"', ["messages", "messages/{group}"], []),
    "a message to the barred before": (
        "early-direct",
        ["messages", "messages/{direct}"],
        ["/api/chats/{direct}/messages/", "/api/chats/"],
    ),
    "named in the post before": (
        '"post_id": {post}, "comment_id": null',
        ["notifications"],
        ["/api/notifications/"],
    ),
    "named in the post now": (
        '"post_id": {new_post}, "comment_id": null',
        ["notifications"],
        ["/api/notifications/"],
    ),
    "named in the comment before": ('"comment_id": {comment},', ["notifications"], ["/api/notifications/"]),
    "named in the comment now": ('"comment_id": {new_comment},', ["notifications"], ["/api/notifications/"]),
    "named in the message before": ('"message_id": {message}', ["notifications"], ["/api/notifications/"]),
    "named in the message now": ('"message_id": {new_message}', ["notifications"], ["/api/notifications/"]),
    "a request": ('"request_id": {request}', ["connections"], ["/api/connections/requests/"]),
    "told of the request": ('"request_id": {request}', ["notifications"], ["/api/notifications/"]),
    "that they are busy": ('"busy"', ["online"], ["/api/presence/?users={subject}"]),
    "their connection": ("{name}", [], ["/api/connections/"]),
    "found by name": ("{name}", [], ["/api/users/?search={name}"]),
    "among my blocks": ("{name}", [], ["/api/blocks/"]),
    "me": ("{name}", [], ["/api/me/"]),
}
LIVE_ONLY = ("typing", "how far they read")  # not durable: there is no replay of them
REPLAYED_ONLY = " before"  # how the names end of what happens while no socket is open

# What may be asked for by its id, in the order in which it is tried. ``x``: it is done or shown; ``.``: the
# answer is the one for what does not exist, to the letter; ``-``: not tried. Paths are behind ``/api``.
# Nobody always gets the same answer, too.
ASKS = """
what                                            self  friend  unseen  asked  stranger  former  barred  barring
GET /posts/{post}/                              x     x       x       .      .         .       .       .
GET /posts/{post}/comments/                     x     x       x       .      .         .       .       .
POST /posts/{post}/comments/                    x     x       x       .      .         .       .       .
POST /posts/{post}/reactions/                   x     x       x       .      .         .       .       .
DELETE /posts/{post}/reactions/                 x     x       x       .      .         .       .       .
PATCH /posts/{post}/                            x     .       .       .      .         .       .       .
GET {file}                                      x     x       x       .      .         .       .       .
GET /presence/?users={subject}                  -     x       x       .      .         .       .       .
GET /chats/{group}/                             x     x       .       .      x         .       .       x
GET /chats/{group}/messages/                    x     x       .       .      x         .       .       x
POST /chats/{group}/messages/                   x     x       .       .      x         .       .       x
PATCH /chats/{group}/                           -     -       .       .      -         .       .       -
POST /chats/{group}/members/                    -     -       .       .      -         .       .       -
PATCH /messages/{message}/                      x     -       .       .      -         .       .       -
DELETE /messages/{message}/                     -     -       .       .      -         .       .       -
GET /chats/{direct}/messages/                   x     .       .       .      .         .       x       .
POST /chats/{direct}/messages/                  -     .       .       .      .         .       .       .
POST /chats/?with={subject}                     -     x       x       x      x         x       .       .
DELETE /comments/{comment}/                     -     .       .       .      .         .       .       .
POST /notifications/read/?id={notice}           -     -       .       .      .         .       .       .
DELETE /blocks/{subject}/                       -     .       .       .      .         .       .       -
POST /connections/requests/?to={subject}        -     -       -       -      x         x       .       .
DELETE /connections/{subject}/                  -     -       -       .      .         .       .       .
POST /connections/requests/{request}/accept/    -     .       .       x      .         .       .       .
POST /connections/requests/{request}/decline/   -     .       .       -      .         .       .       .
POST /connections/requests/{request}/withdraw/  -     .       .       -      .         .       .       .
DELETE /posts/{post}/                           x     .       .       .      .         .       .       .
"""


def cells(table: str) -> dict[str, dict[str, str]]:
    """The cells by row and column."""
    head, *rows = (re.split(r" {2,}", line) for line in table.strip().splitlines())
    return {what: dict(zip(head[1:], marks, strict=True)) for what, *marks in rows}
