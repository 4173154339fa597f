"""Errors that a client may see (PROTOCOL §6), as exceptions.

    KithError
    ├── InvalidMessage   a field is missing, of the wrong type or out of range
    ├── Forbidden        no right, or no such thing: the two are told alike
    ├── NotFound         an object inside something that the user may see is gone
    ├── Conflict         the same ``ref`` with other content, or a state that forbids the change
    ├── TooLarge
    ├── RateLimited      carries ``retry_after``, seconds
    ├── Unavailable      the database is away: the same ``ref`` later
    └── Overloaded       more sockets arrive at once than can be opened: come back later

Services and handlers raise them. `protocol.error_frame` and `api.exception_handler` are the
only two places that turn them into answers.
"""

from __future__ import annotations

from typing import ClassVar


class KithError(Exception):
    """Base of all errors told to clients. ``message`` is for people, ``code`` for programs."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500  # of the REST answer
    default_message: ClassVar[str] = "Something went wrong on the server."

    def __init__(
        self,
        message: str | None = None,
        *,
        field: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = message or self.default_message
        self.field = field
        self.retry_after = retry_after
        super().__init__(self.message)


class InvalidJSON(KithError):
    code = "invalid_json"
    status = 400
    default_message = "The frame is not JSON."


class InvalidMessage(KithError):
    code = "invalid_message"
    status = 400
    default_message = "The message does not fit its schema."


class UnknownType(KithError):
    code = "unknown_type"
    status = 400
    default_message = "No such command on this channel."


class UnknownChannel(KithError):
    code = "unknown_channel"
    status = 404
    default_message = "No such channel."


class Forbidden(KithError):
    code = "forbidden"
    status = 404  # missing and forbidden look alike from outside (PROTOCOL §6)
    default_message = "You have no right to this, or it does not exist."


class NotFound(KithError):
    code = "not_found"
    status = 404
    default_message = "Not found."


class Conflict(KithError):
    code = "conflict"
    status = 409
    default_message = "This contradicts what was done before."


class TooLarge(KithError):
    code = "too_large"
    status = 413
    default_message = "Too large."


class RateLimited(KithError):
    code = "rate_limited"
    status = 429
    default_message = "Too many requests; slow down."


class Unavailable(KithError):
    code = "unavailable"
    status = 503
    default_message = "The database is away; send again with the same ref."


class Overloaded(Unavailable):
    default_message = "Too many arrive at once; come back a little later."
