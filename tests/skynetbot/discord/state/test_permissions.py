"""Permissions as Discord's documentation has them, case by case, and beside the local Discord's own rules.

https://discord.com/developers/docs/topics/permissions
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discord_emulator import payloads
from discord_emulator.entities import Channel, Guild, Member, Overwrite, Role, User
from discord_emulator.permissions import channel_permissions, top_position
from skynetbot.discord.state.permissions import ALL, Permission
from skynetbot.discord.state.state import GuildState
from support.guild_state import channel, guild_create, member, overwrite, role, thread

P = Permission
VIEW, SEND, HISTORY, MANAGE = P.VIEW_CHANNEL, P.SEND_MESSAGES, P.READ_MESSAGE_HISTORY, P.MANAGE_MESSAGES
IN_THREADS, EMBED, ATTACH, TTS = P.SEND_MESSAGES_IN_THREADS, P.EMBED_LINKS, P.ATTACH_FILES, P.SEND_TTS_MESSAGES
MENTION, CONNECT, SPEAK = P.MENTION_EVERYONE, P.CONNECT, P.SPEAK
GUILD, CHANNEL, THREAD = 1 << 30, 2 << 30, 3 << 30
OWNER, ADA, STRANGER = 11, 12, 13
RED, BLUE, GREEN = 21, 22, 23
USUAL = VIEW | SEND | HISTORY
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def granted(
    everyone: int = USUAL,
    *,
    red: int = 0,
    blue: int = 0,
    held: tuple[int, ...] = (RED, BLUE),
    overwrites: tuple[dict[str, Any], ...] = (),
    kind: int = 0,
    where: int | None = CHANNEL,
    user: int = ADA,
    timeout_s: int | None = None,
    given_roles: tuple[int, ...] | None = None,
) -> int:
    """What ``user`` may do in a guild made of these parts. Ada holds ``held``; green exists and nobody holds it."""
    until = (NOW + timedelta(seconds=timeout_s)).isoformat() if timeout_s is not None else None
    state = GuildState()
    state.on(
        "GUILD_CREATE",
        guild_create(
            GUILD,
            owner=OWNER,
            roles=[
                role(GUILD, permissions=str(everyone), position=0),
                role(RED, permissions=str(red), position=2),
                role(BLUE, permissions=str(blue), position=5),
                role(GREEN, permissions=str(MANAGE), position=9),
            ],
            channels=[channel(CHANNEL, type=kind, permission_overwrites=list(overwrites))],
            threads=[thread(THREAD, CHANNEL)],
            members=[member(OWNER, timeout=until), member(ADA, *held, timeout=until)],
        ),
    )
    return state.permissions(GUILD, user, given_roles, where, NOW.timestamp())


def case(name: str, expected: int, **parts: Any) -> Any:
    return pytest.param(parts, expected, id=name)


CASES = [
    case("everyone's role gives", USUAL),
    case("roles add to everyone's", USUAL | MANAGE, blue=MANAGE),
    case("roles add to each other", USUAL | MANAGE | ATTACH, blue=MANAGE, red=ATTACH),
    case("a role nobody holds gives nothing", USUAL, held=()),
    case("the owner has everything", ALL, user=OWNER, overwrites=(overwrite(OWNER, deny=USUAL, person=True),)),
    case("an administrator has everything", ALL, red=P.ADMINISTRATOR),
    case("everyone can be administrator", ALL, everyone=P.ADMINISTRATOR),
    case(
        "an administrator passes every overwrite",
        ALL,
        red=P.ADMINISTRATOR,
        overwrites=(overwrite(ADA, deny=VIEW, person=True),),
    ),
    case("everyone's overwrite denies", VIEW | HISTORY, overwrites=(overwrite(GUILD, deny=SEND),)),
    case("everyone's overwrite allows", USUAL | MANAGE, overwrites=(overwrite(GUILD, allow=MANAGE),)),
    case(
        "everyone's overwrite takes what a role gave", USUAL, blue=MANAGE, overwrites=(overwrite(GUILD, deny=MANAGE),)
    ),
    case(
        "a role's overwrite wins over everyone's",
        USUAL,
        overwrites=(overwrite(GUILD, deny=SEND), overwrite(RED, allow=SEND)),
    ),
    case("a role's overwrite denies", VIEW | HISTORY, overwrites=(overwrite(RED, deny=SEND),)),
    case(
        "of two roles the allowing one wins, whatever their order",
        USUAL,
        overwrites=(overwrite(BLUE, deny=SEND), overwrite(RED, allow=SEND)),
    ),
    case(
        "a higher role's denial does not win",
        USUAL,
        overwrites=(overwrite(RED, allow=SEND), overwrite(BLUE, deny=SEND)),
    ),
    case("the overwrite of a role that is not held does nothing", USUAL, overwrites=(overwrite(GREEN, deny=USUAL),)),
    case(
        "a member's overwrite wins over roles that allow",
        VIEW | HISTORY,
        overwrites=(overwrite(RED, allow=SEND), overwrite(ADA, deny=SEND, person=True)),
    ),
    case(
        "a member's overwrite wins over roles that deny",
        USUAL,
        overwrites=(overwrite(RED, deny=SEND), overwrite(ADA, allow=SEND, person=True)),
    ),
    case("another member's overwrite does nothing", USUAL, overwrites=(overwrite(STRANGER, deny=USUAL, person=True),)),
    case(
        "one overwrite that denies and allows a bit allows it",
        USUAL,
        overwrites=(overwrite(GUILD, deny=SEND, allow=SEND),),
    ),
    case(
        "an overwrite for a member with a role's id is not the role's",
        USUAL,
        overwrites=(overwrite(RED, deny=SEND, person=True),),
    ),
    case("without view there is nothing", 0, overwrites=(overwrite(GUILD, deny=VIEW), overwrite(RED, allow=MANAGE))),
    case(
        "view denied to all and allowed to a role",
        USUAL,
        overwrites=(overwrite(GUILD, deny=VIEW), overwrite(RED, allow=VIEW)),
    ),
    case(
        "without send no mention, speech, file or embed",
        VIEW | HISTORY,
        everyone=VIEW | HISTORY | MENTION | TTS | ATTACH | EMBED,
    ),
    case(
        "with send they stand", USUAL | MENTION | TTS | ATTACH | EMBED, everyone=USUAL | MENTION | TTS | ATTACH | EMBED
    ),
    case("without send one may still manage messages", VIEW | HISTORY | MANAGE, everyone=VIEW | HISTORY | MANAGE),
    case("a voice channel without connect", VIEW, everyone=VIEW | SPEAK | P.MANAGE_CHANNELS, kind=2),
    case("a voice channel with connect", VIEW | CONNECT | SPEAK, everyone=VIEW | CONNECT | SPEAK, kind=2),
    case("a stage without connect", VIEW, everyone=VIEW | P.REQUEST_TO_SPEAK | P.MUTE_MEMBERS, kind=13),
    case("connect means nothing in a text channel", VIEW | SPEAK, everyone=VIEW | SPEAK),
    case("a thread does not inherit send", VIEW | HISTORY, where=THREAD),
    case(
        "a thread is written in with its own permission",
        VIEW | SEND | IN_THREADS,
        everyone=VIEW | IN_THREADS,
        where=THREAD,
    ),
    case("a channel is not written in with the thread's permission", VIEW | IN_THREADS, everyone=VIEW | IN_THREADS),
    case(
        "a thread takes its parent's overwrites",
        VIEW | HISTORY | SEND | IN_THREADS,
        where=THREAD,
        overwrites=(overwrite(RED, allow=IN_THREADS),),
    ),
    case(
        "a thread is hidden with its parent",
        0,
        where=THREAD,
        everyone=USUAL | IN_THREADS,
        overwrites=(overwrite(ADA, deny=VIEW, person=True),),
    ),
    case("files in a thread need its permission to write", VIEW, everyone=VIEW | SEND | ATTACH | MENTION, where=THREAD),
    case("a timeout leaves looking and reading", VIEW | HISTORY, red=MANAGE, timeout_s=60),
    case("a timeout gives nothing new", VIEW, everyone=VIEW | SEND, timeout_s=60),
    case("a timeout that is over changes nothing", USUAL, timeout_s=0),
    case("a timeout holds in the whole guild", VIEW | HISTORY, timeout_s=1, where=None),
    case("a timeout holds in threads", VIEW | HISTORY, everyone=USUAL | IN_THREADS, timeout_s=1, where=THREAD),
    case("a timeout does not bind administrators", ALL, blue=P.ADMINISTRATOR, timeout_s=60),
    case("a timeout does not bind the owner", ALL, user=OWNER, timeout_s=60),
    case("in the whole guild overwrites do not count", USUAL, where=None, overwrites=(overwrite(GUILD, deny=USUAL),)),
    case("the whole guild has no implied rules", MENTION, everyone=MENTION, where=None),
    case("who is not known has nothing", 0, user=STRANGER),
    case(
        "who is not known has what the roles of the payload give", USUAL | MANAGE, user=STRANGER, given_roles=(GREEN,)
    ),
    case("who is not known may come without roles", USUAL, user=STRANGER, given_roles=()),
    case("the payload's roles win over those kept", USUAL | MANAGE, given_roles=(GREEN,)),
    case("a timeout is known for the roles of a payload too", VIEW | HISTORY, given_roles=(GREEN,), timeout_s=9),
    case("a role that is gone does not count", USUAL, given_roles=(99,), overwrites=(overwrite(99, deny=USUAL),)),
    case("an unknown channel gives nothing", 0, where=CHANNEL + 1),
    case("bits that nobody knows are kept", USUAL | 1 << 60, blue=1 << 60),
    case("bits beyond what is packed are left out", USUAL, blue=1 << 70),
]


@pytest.mark.parametrize(("parts", "expected"), CASES)
def test_the_documentation(parts: dict[str, Any], expected: int) -> None:
    assert granted(**parts) == expected


def test_an_unknown_guild_gives_nothing() -> None:
    assert GuildState().permissions(1, 2, (3,), None, 0.0) == 0


BITS = st.integers(0, ALL).map(lambda bits: bits & ~P.ADMINISTRATOR) | st.sampled_from(
    [0, USUAL, USUAL | IN_THREADS, P.ADMINISTRATOR, VIEW, SEND]
)


@st.composite
def emulated_guilds(draw: st.DrawFn) -> Guild:
    people = range(11, 15)
    guild = Guild(id=GUILD, name="x", owner_id=11)
    for role_id in (GUILD, 21, 22, 23, 24):
        guild.roles[role_id] = Role(
            id=role_id, name="r", permissions=draw(BITS), position=0 if role_id == GUILD else draw(st.integers(1, 4))
        )
    for user_id in people:
        guild.members[user_id] = Member(
            user_id=user_id,
            guild_id=GUILD,
            joined_at=NOW,
            roles=draw(st.lists(st.sampled_from([21, 22, 23, 24]), unique=True)),
            timeout_until=draw(st.sampled_from([None, NOW - timedelta(seconds=1), NOW, NOW + timedelta(seconds=1)])),
        )
    for number in range(3):
        targets = draw(st.lists(st.sampled_from([GUILD, 21, 22, 23, 24, *people]), unique=True))
        guild.channels[CHANNEL + number] = Channel(
            id=CHANNEL + number,
            guild_id=GUILD,
            type=draw(st.sampled_from([0, 2, 4, 5, 13, 15])),
            overwrites=[
                Overwrite(id=target, type=int(target in people), allow=draw(BITS), deny=draw(BITS))
                for target in targets
            ],
        )
        guild.threads[THREAD + number] = Channel(
            id=THREAD + number,
            guild_id=GUILD,
            type=draw(st.sampled_from([10, 11, 12])),
            parent_id=CHANNEL + number,
            owner_id=11,
            thread_members=dict.fromkeys(people, NOW),
        )
    return guild


def implied(bits: int, kind: int) -> int:
    """The documentation's section on implicit permissions, which the local Discord leaves to its routes."""
    if bits == ALL:
        return bits
    has = {bit for bit in range(64) if bits >> bit & 1}
    if kind in (10, 11, 12):
        has = has - {11} | ({11} if 38 in has else set())
    if 11 not in has:
        has -= {12, 14, 15, 17}
    if kind in (2, 13) and 20 not in has:
        has -= {4, 8, 9, 21, 22, 23, 24, 25, 32, 39, 42}
    return sum(1 << bit for bit in has)


@given(emulated_guilds())
def test_any_guild_gives_what_the_local_discord_gives(guild: Guild) -> None:
    users = {user_id: User(id=user_id, username="u") for user_id in guild.members}
    state = GuildState()
    state.on(
        "GUILD_CREATE",
        payloads.guild_create_payload(guild, users, list(users), large_threshold=250, for_user=11),
    )
    for user_id, person in guild.members.items():
        for place in (*guild.channels.values(), *guild.threads.values()):
            theirs = channel_permissions(guild, place, user_id, NOW)
            kept = state.permissions(GUILD, user_id, None, place.id, NOW.timestamp())
            assert kept == implied(theirs, place.type)
            assert kept == state.permissions(GUILD, user_id, person.roles, place.id, NOW.timestamp())
        if user_id != guild.owner_id:
            assert state.top_role_position(GUILD, user_id) == top_position(guild, user_id)
        for other in guild.members:
            above, below = top_position(guild, user_id), top_position(guild, other)
            if above != below:  # the local Discord does not look at ids
                assert state.may_act_on(GUILD, user_id, None, other, None) == (above > below)


def hierarchy() -> GuildState:
    state = GuildState()
    state.on(
        "GUILD_CREATE",
        guild_create(
            GUILD,
            owner=OWNER,
            roles=[
                role(GUILD, position=0),
                role(RED, position=2),
                role(BLUE, position=2),
                role(GREEN, position=3, permissions=str(P.ADMINISTRATOR)),
            ],
            members=[member(OWNER), member(ADA, BLUE), member(14, RED), member(15), member(16), member(17, GREEN)],
        ),
    )
    return state


@pytest.mark.parametrize(
    ("actor", "actor_roles", "target", "target_roles", "allowed"),
    [
        pytest.param(OWNER, None, 17, None, True, id="the owner stands above every role"),
        pytest.param(OWNER, None, STRANGER, None, True, id="the owner stands above those who are not known"),
        pytest.param(17, None, OWNER, None, False, id="nobody stands above the owner, not even an administrator"),
        pytest.param(OWNER, None, OWNER, None, False, id="nobody acts on themselves"),
        pytest.param(17, None, ADA, None, True, id="higher over lower"),
        pytest.param(ADA, None, 17, None, False, id="not lower over higher"),
        pytest.param(ADA, None, 15, None, True, id="a role over none"),
        pytest.param(15, None, 16, None, False, id="not without roles over without roles"),
        pytest.param(14, None, ADA, None, True, id="of equal positions the older role is higher"),
        pytest.param(ADA, None, 14, None, False, id="and the newer is not"),
        pytest.param(ADA, None, 18, (BLUE,), False, id="not over the same role"),
        pytest.param(17, None, STRANGER, None, False, id="not over somebody who may stand anywhere"),
        pytest.param(17, None, STRANGER, (), True, id="over somebody who is said to have no roles"),
        pytest.param(STRANGER, None, 15, None, False, id="not by somebody who is not known"),
        pytest.param(STRANGER, (GREEN,), ADA, None, True, id="by somebody whose payload has the role"),
        pytest.param(17, (), ADA, None, False, id="the payload's roles win over those kept"),
        pytest.param(17, None, ADA, (99,), True, id="a role that is gone does not count"),
    ],
)
def test_hierarchy(actor: int, actor_roles: Any, target: int, target_roles: Any, *, allowed: bool) -> None:
    assert hierarchy().may_act_on(GUILD, actor, actor_roles, target, target_roles) is allowed


def test_positions_and_unknown_guilds() -> None:
    state = hierarchy()
    assert [state.top_role_position(GUILD, user) for user in (ADA, 15, 17, STRANGER)] == [2, 0, 3, 0]
    assert state.top_role_position(GUILD, STRANGER, (GREEN, 99)) == 3
    assert state.top_role_position(1, ADA) == 0
    assert not state.may_act_on(1, OWNER, None, ADA, None)
