"""Rows under a post that one statement deletes, such as all comments of a deleted account.

They are all gone before the event of the first is built. So that each event still tells the count of its own
place in the stream, it asks who is `still_told` of.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from feed.models import Comment, Reaction

Row = TypeVar("Row", Comment, Reaction)

_GROUPS, _GROUP = "_kith_leaving", "_kith_leaving_with"  # on what is deleted; on each row that goes with it


@receiver(pre_delete, sender=Comment, dispatch_uid="kith.feed.comment_leaves")
@receiver(pre_delete, sender=Reaction, dispatch_uid="kith.feed.reaction_leaves")
def _leaves(sender: Any, instance: Any, origin: Any, **_: Any) -> None:
    """Django sends this for every row before the first goes; ``origin`` is the same for all of them."""
    if origin is not None:
        groups = vars(origin).setdefault(_GROUPS, {})
        group = vars(instance)[_GROUP] = groups.setdefault((sender, instance.post_id), {})
        group[instance.pk] = instance


def still_told(row: Row) -> Collection[Row]:
    """Rows of the same post that went with this one, and whose events follow its own. To be asked once, at
    `post_delete`."""
    group: dict[Any, Row] = vars(row).pop(_GROUP, {})
    group.pop(row.pk, None)
    return group.values()
