"""What each service of feed changes, for whom (tests/test_law.py)."""

from __future__ import annotations

from feed import services
from feed.models import Reaction
from tests.law_scene import Scene, case

AUDIENCE = "alice bob carol"


def reaction(scene: Scene) -> Reaction:
    return Reaction.objects.get(post=scene.post, user=scene.bob)


CASES = [
    case(
        services.post_create,
        lambda scene: {
            "author": scene.alice,
            "content": f"@{scene.bob.username} and @{scene.dave.username}",
        },
        feed=AUDIENCE,
        notifications="bob",
    ),
    case(
        services.post_create,
        lambda scene: {"author": scene.bob, "content": "hi"},
        "by one with another audience",
        feed="alice bob",
    ),
    case(
        services.post_edit,
        lambda scene: {
            "post": scene.post,
            "user": scene.alice,
            "content": f"@{scene.carol.username}",
        },
        feed=AUDIENCE,
        notifications="carol",
    ),
    case(
        services.post_edit,
        lambda scene: {"post": scene.post, "user": scene.alice, "content": scene.post.content},
        "to what it says",
    ),
    case(
        services.post_delete,
        lambda scene: {"post": scene.post, "user": scene.alice},
        feed=AUDIENCE,
        notifications="alice",
    ),
    case(services.post_tombstone, lambda scene: {"post": scene.post}, feed=AUDIENCE, notifications="alice"),
    case(
        services.comment_create,
        lambda scene: {
            "post": scene.post,
            "author": scene.bob,
            "content": f"@{scene.carol.username}",
        },
        feed=AUDIENCE,
        notifications="alice carol",
    ),
    case(
        services.comment_delete,
        lambda scene: {"comment": scene.comments[0], "user": scene.bob},
        feed=AUDIENCE,
        notifications="alice",
    ),
    case(
        services.comment_remove,
        lambda scene: {"comment": scene.comments[1]},
        feed=AUDIENCE,
        notifications="alice",
    ),
    case(
        services.reaction_set,
        lambda scene: {"post": scene.post, "user": scene.carol, "kind": "wow"},
        feed=AUDIENCE,
        notifications="alice",
    ),
    case(
        services.reaction_set,
        lambda scene: {"post": scene.post, "user": scene.bob, "kind": "sad"},
        "another kind",
        feed=AUDIENCE,
    ),
    case(
        services.reaction_set,
        lambda scene: {"post": scene.post, "user": scene.bob, "kind": "like"},
        "the same again",
    ),
    case(
        services.reaction_clear,
        lambda scene: {"post": scene.post, "user": scene.bob},
        feed=AUDIENCE,
        notifications="alice",
    ),
    case(
        services.reaction_clear,
        lambda scene: {"post": scene.post, "user": scene.carol},
        "where there is none",
    ),
    case(
        services.reaction_remove,
        lambda scene: {"reaction": reaction(scene)},
        feed=AUDIENCE,
        notifications="alice",
    ),
]
