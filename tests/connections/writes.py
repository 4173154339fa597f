"""What each service of connections changes, for whom (tests/test_law.py)."""

from __future__ import annotations

from typing import Any

from connections import services
from tests.law_scene import case


def block(user: Any, other: Any) -> None:
    services.block_add(user=user, user_id=other.pk)


CASES = [
    case(
        services.request_send,
        lambda scene: {"sender": scene.bob, "user_id": scene.carol.pk},
        connections="bob carol",
        notifications="carol",
    ),
    case(
        services.request_send,
        lambda scene: {"sender": scene.alice, "user_id": scene.dave.pk},
        "to one who asks",
        connections="alice dave",
        feed="dave",
        notifications="dave",
        online="alice dave",
    ),
    case(
        services.request_accept,
        lambda scene: {"user": scene.alice, "request_id": scene.request},
        connections="alice dave",
        feed="dave",
        notifications="dave",
        online="alice dave",
    ),
    case(
        services.request_decline,
        lambda scene: {"user": scene.alice, "request_id": scene.request},
        connections="alice",
        notifications="alice",
    ),
    case(
        services.request_withdraw,
        lambda scene: {"user": scene.dave, "request_id": scene.request},
        connections="alice dave",
        notifications="alice",
    ),
    case(
        services.connection_make,
        lambda scene: {"one_id": scene.bob.pk, "other_id": scene.carol.pk},
        connections="bob carol",
        online="bob carol",
    ),
    case(
        services.connection_remove,
        lambda scene: {"user": scene.bob, "user_id": scene.alice.pk},
        connections="alice bob",
        feed="bob",
        online="alice bob",
    ),
    case(
        services.block_add,
        lambda scene: {"user": scene.bob, "user_id": scene.alice.pk},
        connections="alice bob",
        feed="alice bob",
        notifications="alice",
        online="alice bob",
    ),
    case(
        services.block_add,
        lambda scene: {"user": scene.alice, "user_id": scene.dave.pk},
        "one who asks",
        connections="alice dave",
        notifications="alice",
    ),
    case(
        services.block_add,
        lambda scene: {"user": scene.bob, "user_id": scene.carol.pk},
        "one who comments on the same post",
        connections="bob",
        feed="bob carol",
    ),
    case(
        services.block_remove,
        lambda scene: {"user": scene.carol, "user_id": scene.bob.pk},
        connections="carol",
        feed="bob carol",
        before=lambda scene: block(scene.carol, scene.bob),
    ),
]
