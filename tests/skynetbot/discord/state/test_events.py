"""What single dispatches change, what they may leave out, and payloads that say nothing."""

from typing import Any

import msgspec
import pytest

from skynetbot.discord.guilds import NamedRef
from skynetbot.discord.state.directory import StateGuilds
from skynetbot.discord.state.errors import MalformedPayload
from skynetbot.discord.state.state import EVENTS, GuildState
from skynetbot.discord.state.views import ChannelView, RoleView
from support.guild_state import BOT, channel, guild_create, member, overwrite, ready, role, thread

GUILD, OTHER = 1 << 30, 2 << 30
OWNER = 77


def made(**fields: Any) -> GuildState:
    state = GuildState()
    state.on("READY", ready(GUILD))
    state.on("GUILD_CREATE", guild_create(GUILD, owner=OWNER, **fields))
    return state


@pytest.mark.parametrize(
    ("event", "payload", "named"),
    [
        ("CHANNEL_UPDATE", None, "Expected `object`"),
        ("CHANNEL_UPDATE", {"guild_id": str(GUILD)}, "missing required field `id`"),
        ("CHANNEL_CREATE", {**channel(1), "guild_id": str(GUILD), "type": "text"}, "$.type"),
        ("CHANNEL_CREATE", {**channel(1, name="\ud800"), "guild_id": str(GUILD)}, "no Unicode"),
        (
            "CHANNEL_CREATE",
            {**channel(1, permission_overwrites=[overwrite(2), {"id": "x", "type": 0}]), "guild_id": str(GUILD)},
            "$.permission_overwrites[1].id",
        ),
        ("GUILD_ROLE_CREATE", {"guild_id": str(GUILD), "role": {}}, "$.role"),
        ("GUILD_ROLE_UPDATE", {"guild_id": str(GUILD), "role": role(1, permissions="-1")}, "$.role.permissions"),
        ("GUILD_ROLE_DELETE", {"guild_id": str(GUILD)}, "role_id"),
        ("GUILD_MEMBER_ADD", {**member(5), "guild_id": str(GUILD), "user": None}, "$.user"),
        ("GUILD_MEMBER_UPDATE", {**member(5), "guild_id": str(GUILD), "joined_at": "yesterday"}, "$.joined_at"),
        ("GUILD_MEMBER_REMOVE", {"guild_id": str(GUILD), "user": {"id": "0"}}, "$.user.id"),
        ("GUILD_CREATE", guild_create(GUILD, owner=1, members=[member(5), {}]), "$.members[1]"),
        ("GUILD_UPDATE", {"id": str(GUILD)}, "missing required field `name`"),
        ("GUILD_DELETE", {"id": None}, "$.id"),
        ("READY", {"user": {"id": "1"}}, "guilds"),
        ("THREAD_LIST_SYNC", {"guild_id": str(GUILD), "threads": None}, "$.threads"),
    ],
)
def test_a_malformed_payload_is_named_and_changes_nothing(event: str, payload: Any, named: str) -> None:
    state = made()
    before = state.dump()
    with pytest.raises(MalformedPayload) as refused:
        state.on(event, payload)
    assert named in str(refused.value)
    assert state.dump() == before


def test_other_events_direct_channels_and_unknown_guilds_are_passed_over() -> None:
    state = made()
    before = state.dump()
    state.on("TYPING_START", {"anything": 1})
    state.on("MESSAGE_CREATE", {"author": {"id": "5"}, "guild_id": str(GUILD), "member": {"roles": ["1"]}})
    state.on("CHANNEL_CREATE", {"id": "5", "type": 1, "recipients": []})
    state.on("CHANNEL_UPDATE", {**channel(5), "guild_id": str(OTHER)})
    state.on("GUILD_MEMBER_ADD", {**member(5), "guild_id": str(OTHER)})
    state.on("GUILD_UPDATE", guild_create(OTHER, owner=1))
    assert state.dump() == before
    assert set(EVENTS) >= {"READY", "GUILD_CREATE", "THREAD_LIST_SYNC"}


def test_what_discord_may_leave_out_or_null() -> None:
    state = made(
        channels=[{"id": "5", "type": 4, "name": None, "parent_id": None, "nsfw": None, "rate_limit_per_user": None}],
        members=[{"user": {"id": "6"}, "roles": [], "joined_at": None}],
        roles=[{"id": str(GUILD), "name": "@everyone", "permissions": "0"}],
    )
    assert state.channel(GUILD, 5) == ChannelView(5, 4, "", 0, None, nsfw=False, slow_mode_s=0)
    assert state.role(GUILD, GUILD) == RoleView(GUILD, "@everyone", 0, 0, 0, managed=False)
    (person,) = state.members(GUILD)
    assert (person.id, person.roles, person.joined_at, person.timeout_until) == (6, (), None, None)


def test_a_partial_update_keeps_what_it_does_not_say() -> None:
    state = made(members=[member(5, 9, timeout="2100-01-01T00:00:00+00:00")])
    state.on("GUILD_MEMBER_UPDATE", {"guild_id": str(GUILD), "user": {"id": "5"}, "roles": [], "joined_at": None})
    (person,) = state.members(GUILD)
    assert (person.roles, person.joined_at, person.timeout_until) == ((), 1714564800, 4102444800.0)
    state.on(
        "GUILD_MEMBER_UPDATE",
        {"guild_id": str(GUILD), "user": {"id": "5"}, "roles": [], "communication_disabled_until": None},
    )
    assert state.members(GUILD)[0].timeout_until is None


def test_ready_and_outages() -> None:
    state = GuildState()
    state.on("READY", ready(GUILD, OTHER))
    assert state.own_id == BOT
    assert state.unavailable() == {GUILD, OTHER}
    assert (state.get(GUILD), list(state.all())) == (None, [])
    state.on("GUILD_CREATE", guild_create(GUILD, owner=OWNER, features=["NEWS", "COMMUNITY", "SOMETHING_NEW"]))
    guild = state.get(GUILD)
    assert guild is not None
    assert (guild.available, guild.features) == (True, ("COMMUNITY", "NEWS"))
    state.on("GUILD_DELETE", {"id": str(GUILD), "unavailable": True})
    during = state.get(GUILD)
    assert during is not None
    assert (during.available, during.name) == (False, guild.name)
    state.on("GUILD_CREATE", {"id": str(GUILD), "unavailable": True})
    assert state.unavailable() == {GUILD, OTHER}
    state.on("GUILD_CREATE", guild_create(GUILD, owner=OWNER, name="back"))
    after = state.get(GUILD)
    assert after is not None
    assert (after.available, after.name) == (True, "back")
    state.on("GUILD_DELETE", {"id": str(GUILD)})
    assert (state.get(GUILD), state.unavailable()) == (None, {OTHER})


def test_a_new_session_forgets_what_was_left_on_its_shard_only() -> None:
    state = GuildState()
    ids = [number << 22 for number in (10, 11, 12, 13)]  # shards 0 1 0 1 of two
    for guild_id in ids:
        state.on("GUILD_CREATE", guild_create(guild_id, owner=OWNER))
    state.on("READY", ready(ids[0], shard=(0, 2)))
    assert {guild.id: guild.available for guild in state.all()} == {ids[0]: False, ids[1]: True, ids[3]: True}
    state.on("READY", ready())
    assert list(state.all()) == []


@pytest.mark.parametrize(
    ("parents", "left"),
    [(None, [24]), ([], [21, 22, 23, 24]), (["11"], [23, 24]), (["11", "12"], [24])],
)
def test_a_list_of_threads_replaces_those_of_the_channels_it_names(parents: list[str] | None, left: list[int]) -> None:
    state = made(
        channels=[channel(11), channel(12), channel(13)], threads=[thread(21, 11), thread(22, 11), thread(23, 12)]
    )
    named = {} if parents is None else {"channel_ids": parents}
    state.on("THREAD_LIST_SYNC", {"guild_id": str(GUILD), "threads": [thread(24, 13)], **named})
    assert [kept.id for kept in state.threads(GUILD)] == left


def test_a_guild_created_again_says_everything_anew() -> None:
    state = made(members=[member(BOT), member(5, 9)], channels=[channel(7)])
    state.on("GUILD_CREATE", guild_create(GUILD, owner=OWNER))
    assert [person.id for person in state.members(GUILD)] == [BOT]
    assert list(state.channels(GUILD)) == []


def test_message_authors_are_learned_if_asked_for() -> None:
    state = GuildState(learn_from_messages=True)
    state.on("GUILD_CREATE", guild_create(GUILD, owner=OWNER))
    message = {"id": "1", "author": {"id": "5"}, "guild_id": str(GUILD), "member": {"roles": ["8", "7"]}}
    state.on("MESSAGE_CREATE", message)
    known = state.member(GUILD, 5)
    assert known is not None
    assert known.roles == (7, 8)
    assert state.get(GUILD).member_count == 1  # type: ignore[union-attr]
    state.on("MESSAGE_CREATE", {**message, "author": {"id": "6"}, "webhook_id": "6"})
    state.on("MESSAGE_CREATE", {"id": "1", "author": {"id": "6"}})
    assert state.member(GUILD, 6) is None


def test_the_bound_keeps_the_bot_and_those_who_matter() -> None:
    state = GuildState(members_kept=20)
    state.on("READY", ready(GUILD))
    state.on("GUILD_CREATE", guild_create(GUILD, owner=OWNER, members=[member(BOT), member(5, 9)], member_count=2))
    for user_id in range(1000, 1100):
        state.on("GUILD_MEMBER_ADD", {**member(user_id), "guild_id": str(GUILD)})
        kept = {person.id for person in state.members(GUILD)}
        assert {BOT, 5} <= kept
        assert len(kept) <= 20
    assert len(kept) >= 19
    guild = state.get(GUILD)
    assert guild is not None
    assert guild.member_count == 102
    with pytest.raises(ValueError, match="members_kept"):
        GuildState(members_kept=0)


def test_views_held_do_not_change_and_decoding_is_bounded() -> None:
    state = made(channels=[channel(5, name="before")])
    held = state.channel(GUILD, 5)
    state.on("CHANNEL_UPDATE", {**channel(5, name="after"), "guild_id": str(GUILD)})
    now = state.channel(GUILD, 5)
    assert held is not None
    assert now is not None
    assert (held.name, now.name) == ("before", "after")
    state.on("GUILD_MEMBER_ADD", {**member(5), "guild_id": str(GUILD)})
    assert state.channel(GUILD, 5) is now
    with pytest.raises(AttributeError):
        now.name = "x"  # type: ignore[misc]
    few = GuildState(decoded_kept=3)
    for number in range(1, 11):
        few.on("GUILD_CREATE", guild_create(number << 22, owner=OWNER))
        few.channels(number << 22)
    assert len(few._decoded) == 3
    few.forget(10 << 22)
    assert (len(few._decoded), few.get(10 << 22), few.channels(10 << 22)) == (2, None, ())
    few.forget(10 << 22)


def test_unknown_guilds_have_nothing() -> None:
    state = GuildState()
    assert (state.channel(1, 2), state.role(1, 2), state.member(1, 2)) == (None, None, None)
    assert [list(state.channels(1)), list(state.threads(1)), list(state.roles(1)), list(state.members(1))] == [[]] * 4
    assert state.bytes() == 0


def test_what_the_dashboard_is_offered() -> None:
    state = made(
        icon="abc",
        member_count=9,
        channels=[
            channel(1, type=4, name="category"),
            channel(2, position=5, name="last"),
            channel(4, position=1, name="second"),
            channel(3, position=1, name="first"),
            channel(5, type=5, position=2, name=""),
            channel(6, type=2, name="voice"),
        ],
        threads=[thread(7, 2)],
        roles=[role(GUILD, position=0), role(8, position=1, name="low"), role(9, position=2, name="high")],
    )
    guilds = StateGuilds(state)
    assert list(guilds.channels(GUILD)) == [
        NamedRef(3, "first"),
        NamedRef(4, "second"),
        NamedRef(5, "5"),
        NamedRef(2, "last"),
    ]
    assert list(guilds.roles(GUILD)) == [NamedRef(9, "high"), NamedRef(8, "low")]
    summary = guilds.get(GUILD)
    assert summary is not None
    assert list(guilds.all()) == [summary]
    assert msgspec.structs.astuple(summary) == (GUILD, f"guild {GUILD}", "abc", 9, OWNER)
    assert guilds.get(OTHER) is None
