"""Writes of feed. Each checks the right it needs, in the transaction of what it changes.

They take rows (``post``, ``comment``) as handles: only the key counts, the rest is read again.
"""

from feed.services.comments import comment_create, comment_delete, comment_remove
from feed.services.posts import post_create, post_delete, post_edit, post_tombstone
from feed.services.reactions import reaction_clear, reaction_remove, reaction_set

__all__ = [
    "comment_create",
    "comment_delete",
    "comment_remove",
    "post_create",
    "post_delete",
    "post_edit",
    "post_tombstone",
    "reaction_clear",
    "reaction_remove",
    "reaction_set",
]
