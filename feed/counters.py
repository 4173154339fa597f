"""Names of the totals that feed tells (`realtime.tallies`): the only place where they are spelled."""

from __future__ import annotations


def comments_of(post_id: int) -> str:
    """How many comments a post has."""
    return f"comments:{post_id}"


def reactions_of(post_id: int) -> str:
    """How many reactions of each kind a post has."""
    return f"reactions:{post_id}"
