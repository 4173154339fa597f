"""Ties and blocks that begin and end, told to other apps; and open channels that are to look again.

Whoever makes or deletes the rows: services, the admin, the shell, a deleted user. `tie_made`, `tie_ended` and
`hidden_changed` (a block began or ended) are sent inside the transaction of the change, with the keys of the
two as ``one`` and ``other``; what a receiver raises undoes the change. They are for what belongs to the tie
itself, such as the right to read the other's posts, which must end with it. Side effects, such as a
notification, are in services.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import Signal, receiver

from connections.models import Block, Connection, Parting
from connections.selectors import hidden_ids
from realtime.rights import rights_changed

_HIDDEN = "_kith_hidden"  # on a user who is being deleted: keys of those who are hidden from them

tie_made = Signal()
tie_ended = Signal()
hidden_changed = Signal()


@receiver(post_save, sender=Connection, dispatch_uid="kith.tie_made")
def _tie_saved(instance: Connection, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:
        _tell(tie_made, instance)


@receiver(post_delete, sender=Connection, dispatch_uid="kith.tie_ended")
def _tie_deleted(instance: Connection, **_: Any) -> None:
    _tell(tie_ended, instance)


def _tell(signal: Signal, tie: Connection) -> None:
    signal.send(Connection, one=tie.one_id, other=tie.other_id)
    rights_changed(tie.one_id)
    rights_changed(tie.other_id)


@receiver(post_save, sender=Block, dispatch_uid="kith.blocked")
def _block_saved(instance: Block, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:
        _look_again(instance)


@receiver(post_delete, sender=Block, dispatch_uid="kith.unblocked")
def _block_deleted(instance: Block, **_: Any) -> None:
    _look_again(instance)


@receiver(pre_delete, sender=settings.AUTH_USER_MODEL, dispatch_uid="kith.parts")
def _user_leaves(instance: Any, **_: Any) -> None:
    """While the blocks are still there."""
    vars(instance)[_HIDDEN] = hidden_ids(user_id=instance.pk)


@receiver(post_delete, sender=settings.AUTH_USER_MODEL, dispatch_uid="kith.parted")
def _user_left(instance: Any, **_: Any) -> None:
    """Of those, the ones who are not deleted in the same breath."""
    left = get_user_model()._default_manager.filter(pk__in=vars(instance).pop(_HIDDEN, ()))
    partings = [Parting(user=user, gone=str(instance.pk)) for user in left]
    Parting.objects.bulk_create(partings, ignore_conflicts=True)


def _look_again(block: Block) -> None:
    """Who is hidden from whom is asked again by every open channel of the two."""
    hidden_changed.send(Block, one=block.user_id, other=block.blocked_id)
    rights_changed(block.user_id)
    rights_changed(block.blocked_id)
