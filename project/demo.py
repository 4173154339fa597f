"""Demo data: four people, their ties, what they said and posted, through the apps' own services."""

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser

from chat.models import Chat
from chat.services import chat_create, message_send, read_mark
from connections.services import connection_make, request_send
from feed.models import Post
from feed.services import comment_create, post_create, reaction_set
from project.welcome import DEMO_PASSWORD, DEMO_USERNAMES

FULL_NAMES = {
    "alice": ("Alice", "Arden"),
    "bob": ("Bob", "Bellamy"),
    "carol": ("Carol", "Castellano"),
    "dave": ("Dave", "Dimitrov"),
}


@dataclass(frozen=True)
class Conversation:
    """One chat: its members, the creator first, and who said what, oldest first.

    Two members and no title make a direct chat, anything else a group.
    """

    members: tuple[str, ...]
    said: tuple[tuple[str, str], ...]
    title: str = ""


@dataclass(frozen=True)
class Posted:
    """One post, and what came to it from its author's connections: comments, oldest first, and reactions.

    ``@username`` in a comment notifies that person.
    """

    author: str
    text: str
    comments: tuple[tuple[str, str], ...] = ()
    reactions: tuple[tuple[str, str], ...] = ()


CONVERSATIONS = (
    Conversation(
        title="Saturday hike",
        members=("alice", "bob", "carol", "dave"),
        said=(
            ("alice", "Saturday looks dry at last. Who is in for the ridge walk?"),
            ("bob", "Me! As long as we start after breakfast this time."),
            ("carol", "In. I can take three in the car, from the station at nine."),
            ("dave", "Nine is not after breakfast, it is breakfast."),
            ("alice", "Then bring yours along, Dave. The first bench has a view."),
            ("dave", "Deal. I will carry coffee for everyone, so be nice to me."),
            ("bob", "It is about 14 km and 600 m up. Does somebody have a paper map?"),
            ("carol", "Packed already. And plasters, after last time. 🩹"),
            ("alice", "You are the best. Nine at the station, then. 🥾"),
        ),
    ),
    Conversation(
        title="Book club",
        members=("carol", "alice", "dave"),
        said=(
            ("carol", "Has anybody finished the book yet? No spoilers, just yes or no."),
            ("dave", "Yes. In one night. I regret nothing except the next morning."),
            ("alice", "Chapter nine. I keep stopping because I do not want it to end."),
            ("carol", "Then let us meet on Thursday, and Alice reads quickly until then."),
            ("alice", "Thursday is good. My place, seven o'clock, there will be soup."),
        ),
    ),
    Conversation(
        members=("alice", "bob"),
        said=(
            ("bob", "Did I leave my blue jacket at your place?"),
            ("alice", "You did. It has been keeping the chair warm."),
            ("bob", "Thank you, chair. Could you bring it on Saturday?"),
            ("alice", "Already by the door. 👍"),
        ),
    ),
    Conversation(
        members=("dave", "carol"),
        said=(
            ("dave", "Secret question: what does Alice take in her coffee?"),
            ("carol", "A little milk, no sugar. And she will notice that you asked."),
            ("dave", "This conversation never happened."),
        ),
    ),
)

POSTS = (
    Posted(
        author="carol",
        text="First tomato of the year. It is green and the size of a pea, and I could not be prouder. 🍅",
        comments=(
            ("bob", "Frame it. @alice, you have to draw this one."),
            ("alice", "Only if I may eat the model afterwards."),
            ("carol", "Nobody eats anybody before August."),
        ),
        reactions=(("alice", "love"), ("bob", "laugh"), ("dave", "celebrate")),
    ),
    Posted(
        author="alice",
        text="The ridge is dry, the kettle is packed, and the weather report says one word: go.",
        comments=(
            ("dave", "That word was breakfast. I have read it twice."),
            ("bob", "Is there a shorter way down for people with knees?"),
            ("alice", "There is, and it passes the ice cream place."),
        ),
        reactions=(("bob", "like"), ("carol", "celebrate"), ("dave", "wow")),
    ),
)

# Dave waits for Bob's answer; all the others know each other.
TIES = (("alice", "bob"), ("alice", "carol"), ("alice", "dave"), ("bob", "carol"), ("carol", "dave"))
REQUESTS = (("dave", "bob"),)


def fill() -> None:
    """Add the people and all that is theirs. Call it in a transaction, on a database without users."""
    people = {username: _person(username) for username in DEMO_USERNAMES}
    for one, other in TIES:
        connection_make(one_id=people[one].pk, other_id=people[other].pk)
    for sender, other in REQUESTS:
        request_send(sender=people[sender], user_id=people[other].pk)
    for conversation in CONVERSATIONS:
        creator, *others = (people[username] for username in conversation.members)
        chat_id, _ = chat_create(
            creator=creator,
            member_ids=[other.pk for other in others],
            title=conversation.title,
            kind="group" if conversation.title else "direct",
        )
        chat = Chat.objects.get(pk=chat_id)
        for username, content in conversation.said:
            message_id, _ = message_send(chat=chat, sender=people[username], content=content)
            # Who answers has read what came before.
            read_mark(chat=chat, user=people[username], message_id=message_id)
    for posted in POSTS:
        post_id, _ = post_create(author=people[posted.author], content=posted.text)
        post = Post(pk=post_id)
        for username, content in posted.comments:
            comment_create(post=post, author=people[username], content=content)
        for username, kind in posted.reactions:
            reaction_set(post=post, user=people[username], kind=kind)


def _person(username: str) -> AbstractUser:
    """A new user; the first one is given the admin too, so that it can be tried."""
    first_name, last_name = FULL_NAMES[username]
    create = get_user_model().objects.create_user
    if username == DEMO_USERNAMES[0]:
        create = get_user_model().objects.create_superuser
    return create(
        username=username,
        email=f"{username}@example.org",
        password=DEMO_PASSWORD,
        first_name=first_name,
        last_name=last_name,
    )
