"""What each service of notifications changes, for whom (tests/test_law.py)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from notifications import services
from notifications.models import Cause, Notification
from tests.law_scene import Case, Scene, case


def of_alice(scene: Scene, kind: str) -> QuerySet[Notification]:
    return Notification.objects.filter(recipient=scene.alice, type=kind)


def comments(scene: Scene) -> int:
    """Alice's notification of what Bob and Carol said."""
    return of_alice(scene, "comment_on_post").get().pk


def place(scene: Scene) -> dict[str, Any]:
    """Where Alice mentions others."""
    return {"actor": scene.alice, "audience": [scene.bob.pk, scene.carol.pk], "post_id": scene.post.pk}


CASES: list[Case] = [
    case(
        services.notify,
        lambda scene: {"recipient": scene.alice, "type": "achievement", "text": "100 posts"},
        notifications="alice",
    ),
    case(
        services.notify,
        lambda scene: {
            "recipient": scene.alice,
            "type": "comment_on_post",
            "actor": scene.carol,
            "post_id": scene.post.pk,
            "comment_id": 9,
        },
        "one more of a group",
        notifications="alice",
    ),
    case(
        services.notify,
        lambda scene: {"recipient": scene.alice, "type": "mention", "actor": scene.bob},
        "of a type that is switched off",
        before=lambda scene: services.preferences_set(user=scene.alice, preferences={"mention": False}),
    ),
    case(
        services.notify,
        lambda scene: {"recipient": scene.alice, "type": "mention", "actor": scene.alice},
        "of one's own act",
    ),
    case(
        services.mentions_notify,
        lambda scene: {**place(scene), "text": f"@{scene.carol.username} @{scene.dave.username}"},
        notifications="carol",
    ),
    case(
        services.mentions_update,
        lambda scene: {**place(scene), "text": f"@{scene.bob.username}"},
        notifications="bob",
    ),
    case(
        services.notifications_read,
        lambda scene: {"user": scene.alice, "ids": [comments(scene)]},
        notifications="alice",
    ),
    case(
        services.notifications_read,
        lambda scene: {"user": scene.alice, "all": True},
        "all",
        notifications="alice",
    ),
    case(
        services.notifications_read,
        lambda scene: {"user": scene.bob, "ids": [comments(scene)]},
        "somebody else's",
    ),
    case(
        services.notifications_mark_read,
        lambda scene: {"notifications": of_alice(scene, "comment_on_post")},
        notifications="alice",
    ),
    case(
        services.notifications_withdraw,
        lambda scene: {"comment_id": scene.comments[0].pk},
        "one of a group",
        notifications="alice",
    ),
    case(
        services.notifications_withdraw,
        lambda scene: {"post_id": scene.post.pk},
        "whole",
        notifications="alice",
    ),
    case(
        services.notifications_withdraw,
        lambda scene: {"recipient": scene.alice, "actor": scene.bob},
        "that were read",
        before=lambda scene: services.notifications_read(user=scene.alice, all=True),
        notifications="alice",
    ),
    case(
        services.causes_withdraw,
        lambda scene: {"causes": Cause.objects.filter(actor=scene.dave)},
        notifications="alice",
    ),
    case(
        services.notifications_delete,
        lambda scene: {"notifications": of_alice(scene, "reaction_on_post")},
        notifications="alice",
    ),
    case(
        services.pair_separate,
        lambda scene: {"one_id": scene.carol.pk, "other_id": scene.alice.pk},
        notifications="alice",
    ),
    case(services.person_forget, lambda scene: {"person": scene.bob}, notifications="alice"),
    case(
        services.preferences_set,
        lambda scene: {"user": scene.bob, "preferences": {"mention": False}},
        notifications="bob",
    ),
    case(
        services.preferences_set,
        lambda scene: {"user": scene.bob, "preferences": {"mention": True}},
        "as they are",
    ),
]
