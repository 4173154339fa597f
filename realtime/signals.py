"""Model signals: one receiver publishes the events of every watched model, whoever saves it.

A model is watched from the moment when a ModelEvent names it. Its saves become atomic with
their signals: Django sends `post_save` outside the row's own transaction, so a plain
`objects.create()` in autocommit could otherwise leave a row without its event for ever.
(`Model.delete()` sends `post_delete` inside its own.)

Views that would rather signal than call may send ``broadcast``:

    realtime.signals.broadcast.send(sender=view, channel="feed", event=PostPinned(post_id=5))
    realtime.signals.broadcast.send(sender=view, user_ids=[1, 2], channel="notifications", event=…)
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import router, transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_init, post_save, pre_init, pre_save
from django.dispatch import Signal, receiver

from realtime import publishing
from realtime.events import (
    BEFORE,
    CREATED,
    DELETED,
    UPDATED,
    Change,
    ModelEvent,
    before,
    model_event_declared,
    model_events,
)

broadcast = Signal()

# Sent on a server process's event loop; receivers must not block it.
hub_started = Signal()  # hub
hub_stopping = Signal()  # hub
user_came = Signal()  # hub, user_key (text): the user's first socket in this process
user_left = Signal()  # hub, user_key: the last one is gone


def watch_declared() -> None:
    """Watch every model that a ModelEvent names, now and later. Called when Django is ready."""
    model_event_declared.connect(_watch_sender, dispatch_uid="kith.watch")
    for model in model_events:
        _watch(model)


def _watch_sender(sender: type[Model], **_: Any) -> None:
    _watch(sender)


def _watch(model: type[Model]) -> None:
    _watched.cache_clear()
    uid = f"kith.{model._meta.label}"
    post_save.connect(_saved, sender=model, dispatch_uid=uid)
    post_delete.connect(_deleted, sender=model, dispatch_uid=uid)
    pre_save.connect(_before_save, sender=model, dispatch_uid=uid)
    make_atomic(model)


def make_atomic(model: type[Model]) -> None:
    """From now on a save of this model and all its receivers are one transaction."""
    if not hasattr(model.save_base, "_kith_atomic"):
        model.save_base = _atomic(model.save_base)  # type: ignore[method-assign]


def _atomic(save_base: Any) -> Any:
    @functools.wraps(save_base)
    def save_base_with_events(self: Model, *args: Any, using: str | None = None, **kwargs: Any) -> None:
        using = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using, savepoint=False):
            save_base(self, *args, using=using, **kwargs)

    save_base_with_events._kith_atomic = True  # type: ignore[attr-defined]
    return save_base_with_events


def _before_save(instance: Model, raw: bool, using: str, **_: Any) -> None:
    """Read the watched fields of the row, and hold it as the UPDATE will in a moment.

    The row is asked, not the instance: after a rollback, a `refresh_from_db` or another
    instance's save, what the instance was loaded with says nothing.
    """
    names = _watched(type(instance))
    row = None
    if names and not raw and not instance._state.adding:
        rows = type(instance)._base_manager.using(using).select_for_update(no_key=True)
        row = rows.filter(pk=instance.pk).values(*names).first()
    instance.__dict__[BEFORE] = row or {}


@functools.cache
def _watched(model: type[Model]) -> tuple[str, ...]:
    names = {name for event in model_events[model] for name in event.fields}
    return tuple(_attname(model, name) for name in sorted(names))


def _attname(model: type[Model], name: str) -> str:
    """Where an instance keeps a field's value: ``chat_id`` for the foreign key ``chat``."""
    return str(getattr(model._meta.get_field(name), "attname", name))


def _saved(
    instance: Model, created: bool, raw: bool, using: str, update_fields: Iterable[str] | None, **_: Any
) -> None:
    if raw:  # loaddata: the log has its own copy, or none
        return
    change = CREATED if created else UPDATED
    _resolve_expressions(instance, using)
    changed = _changed(instance, update_fields)
    for event in model_events[type(instance)]:
        if change in event.on and (created or not event.fields or changed & _attnames(event)):
            _publish(event, instance, change, using)


def _resolve_expressions(instance: Model, using: str) -> None:
    """After ``score.points = F("points") + 1; score.save()`` the instance still holds the
    expression (until Django 6): the event tells what came of it."""
    names = [field.attname for field in instance._meta.concrete_fields]
    unknown = [name for name in names if hasattr(instance.__dict__.get(name), "resolve_expression")]
    if unknown:
        instance.refresh_from_db(using=using, fields=unknown)


def only_ours(model: type[Model]) -> bool:
    """Whether nobody but the core listens when instances of a watched model are made and saved: then their
    rows may as well be inserted without signals, and told by `publish_created`."""
    heard = ((pre_init, None), (post_init, None), (pre_save, _before_save), (post_save, _saved))
    return all(
        receiver is ours
        for signal, ours in heard
        for receivers in signal._live_receivers(
            model
        )  # of it `has_listeners` says only whether there are any
        for receiver in receivers
    )


def publish_created(instances: Sequence[Model], *, using: str) -> None:
    """Tell what saving these rows would have told, had it sent signals."""
    told = {
        model: [event for event in model_events[model] if CREATED in event.on]
        for model in {*map(type, instances)}
    }
    for instance in instances:
        for event in told[type(instance)]:
            _publish(event, instance, CREATED, using)


def _deleted(instance: Model, using: str, **_: Any) -> None:
    for event in model_events[type(instance)]:
        if DELETED in event.on:
            _publish(event, instance, DELETED, using)


def _attnames(event: type[ModelEvent]) -> set[str]:
    return {_attname(event.model, name) for name in event.fields}


def _changed(instance: Model, update_fields: Iterable[str] | None) -> set[str]:
    """Watched fields that this save changed in the row."""
    known, missing = before(instance), object()
    saved = set(_watched(type(instance)))
    if update_fields is not None:
        saved &= {_attname(type(instance), name) for name in update_fields}
    return {name for name in saved if known.get(name, missing) != instance.__dict__.get(name)}


def _publish(event: type[ModelEvent], instance: Model, change: Change, using: str) -> None:
    told = event.of(instance, change)
    if told is None:
        return
    for one in (told,) if isinstance(told, ModelEvent) else told:
        publishing.publish(one, using=using)


@receiver(broadcast, dispatch_uid="kith.broadcast")
def _broadcast(channel: str, event: Any, user_ids: Iterable[Any] | None = None, **_: Any) -> None:
    if user_ids is None:
        publishing.broadcast(channel, event)
    else:
        publishing.send_to_users(user_ids, channel, event)
