"""What each service of chat changes, for whom (tests/test_law.py)."""

from __future__ import annotations

from chat import services
from tests.law_scene import Case, Stage, case

MEMBERS = "alice bob carol"


async def read(stage: Stage) -> None:
    """Bob reads as far as Alice's second message."""
    channel, message = f"messages/{stage.scene.group.pk}", stage.scene.messages[1]
    await stage.command("bob", channel, type="read", message_id=message.pk)


CASES = [
    case(
        services.chat_create,
        lambda scene: {"creator": scene.alice, "member_ids": [scene.dave.pk], "title": "New"},
        messages="alice dave",
    ),
    case(
        services.chat_create,
        lambda scene: {"creator": scene.dave, "member_ids": [scene.alice.pk], "kind": "direct"},
        "direct",
        messages="alice dave",
    ),
    case(
        services.chat_update,
        lambda scene: {"chat": scene.group, "actor": scene.alice, "title": "Other plans"},
        messages=MEMBERS,
    ),
    case(
        services.member_add,
        lambda scene: {"chat": scene.group, "actor": scene.alice, "user_id": scene.dave.pk},
        messages="alice bob carol dave",
    ),
    case(
        services.member_add,
        lambda scene: {"chat": scene.group, "actor": scene.alice, "user_id": scene.bob.pk},
        "who is in it",
    ),
    case(
        services.member_remove,
        lambda scene: {"chat": scene.group, "actor": scene.alice, "user_id": scene.bob.pk},
        messages=MEMBERS,
    ),
    case(
        services.member_remove,
        lambda scene: {"chat": scene.group, "actor": scene.alice, "user_id": scene.alice.pk},
        "the last owner leaves",
        messages=MEMBERS,
    ),
    case(
        services.member_role,
        lambda scene: {
            "chat": scene.group,
            "actor": scene.alice,
            "user_id": scene.bob.pk,
            "role": "owner",
        },
        messages=MEMBERS,
    ),
    case(
        services.message_send,
        lambda scene: {
            "chat": scene.group,
            "sender": scene.bob,
            "content": "yes",
            "reply_to": scene.messages[1].pk,
            "ref": "r1",
        },
        messages=MEMBERS,
    ),
    case(
        services.message_send,
        lambda scene: {
            "chat": scene.group,
            "sender": scene.bob,
            "content": f"@{scene.carol.username} and @{scene.dave.username}",
        },
        "naming somebody",
        messages=MEMBERS,
        notifications="carol",
    ),
    case(
        services.messages_send,
        lambda scene: {
            "sendings": [
                services.Sending(chat_id=scene.group.pk, sender=sender, content="at once", ref="r2")
                for sender in (scene.alice, scene.bob)
            ]
        },
        messages=MEMBERS,
    ),
    case(
        services.message_edit,
        lambda scene: {"message": scene.messages[2], "user": scene.bob, "content": "other"},
        messages=MEMBERS,
    ),
    case(
        services.message_edit,
        lambda scene: {"message": scene.messages[0], "user": scene.alice, "content": "other"},
        "from before Carol came",
        messages="alice bob",
    ),
    case(
        services.message_edit,
        lambda scene: {"message": scene.messages[2], "user": scene.bob, "content": "hello"},
        "to what it says",
    ),
    case(
        services.message_delete,
        lambda scene: {"message": scene.messages[2], "user": scene.alice},
        messages=MEMBERS,
    ),
    case(services.message_tombstone, lambda scene: {"message": scene.messages[1]}, messages=MEMBERS),
    case(
        services.reaction_set,
        lambda scene: {"message": scene.messages[1], "user": scene.carol, "emoji": "🎉", "added": True},
        messages=MEMBERS,
    ),
    case(
        services.reaction_set,
        lambda scene: {"message": scene.messages[2], "user": scene.alice, "emoji": "👍", "added": False},
        "taken back",
        messages=MEMBERS,
    ),
    # Told to those who are there, by nothing but the server's own processes.
    Case(services.read_mark, "", {"messages": MEMBERS}, read),
]
