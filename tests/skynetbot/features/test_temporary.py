"""The pure rules of temporary measures: durations, overwrites, timeouts, ranks, what events say."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.discord.state.state import GuildState
from skynetbot.discord.state.views import OverwriteView
from skynetbot.features.temporary.durations import LONGEST_S, read_duration, spoken
from skynetbot.features.temporary.hierarchy import own_lack, person_refusal, right_refusal, role_refusal
from skynetbot.features.temporary.measures import KINDS, Before, Measure
from skynetbot.features.temporary.rules import (
    everyone_before,
    in_place,
    locked,
    next_renewal,
    restored,
    target_of,
    timeout_end,
)
from skynetbot.features.temporary.settings import SCHEMA
from skynetbot.features.temporary.wording import audit_reason, direct, done, timer_title
from skynetbot.guildconfig.levels import AccessSettings
from skynetbot.guildconfig.schema import SettingsRejected

DAY = 86_400.0
BITS = st.integers(0, (1 << 53) - 1)
GUILD, OWNER, BOT, MOD, MEMBER = 100, 1, 2, 3, 4
BOT_ROLE, MOD_ROLE, LOW, POWER, MANAGED, HIGH = 201, 202, 203, 204, 205, 206
BAN, MANAGE_ROLES, MODERATE = 1 << 2, 1 << 28, 1 << 40

MUTE = Measure(
    kind="mute",
    case=5,
    guild_id=GUILD,
    target_id=MEMBER,
    target_name="Emre",
    moderator_id=MOD,
    moderator_name="Dara",
    reason="loud",
    at=0.0,
    expires_at=100.0,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h30m", 5_400),
        ("2d", 2 * DAY),
        ("90 minutes", 5_400),
        ("1w", 7 * DAY),
        ("3s", 3),
        (" 1 day 12 h ", 1.5 * DAY),
        ("1.5h", 5_400),
        ("10 years", LONGEST_S),
    ],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "soon", "-5m", "0s", "11 years", "1h!", "99999999999999d", "1h" * 40])
def test_what_is_no_duration_is_explained(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration"):
        read_duration(text)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading(text: str) -> None:
    try:
        seconds = read_duration(text)
    except ValueError:
        return
    assert 1 <= seconds <= LONGEST_S


@given(st.integers(1, int(LONGEST_S)))
def test_what_is_said_is_read_again_to_its_second_unit(seconds: int) -> None:
    assert abs(read_duration(spoken(seconds)) - seconds) < max(seconds * 0.2, 1)


@given(allow=BITS, deny=BITS, bits=BITS)
def test_a_lock_is_undone_exactly(allow: int, deny: int, bits: int) -> None:
    before = Before(allow=allow & ~deny, deny=deny)
    during = Before(**dict(zip(("allow", "deny"), locked(before, bits), strict=True)))
    assert during.deny & bits == bits
    assert not during.allow & bits
    assert restored(during, before, bits) == (before.allow, before.deny)


@given(before=BITS, others=BITS, bits=BITS)
def test_what_others_change_during_a_lock_stays(before: int, others: int, bits: int) -> None:
    allow, deny = restored(Before(deny=others | bits), Before(deny=before), bits)
    assert deny & ~bits == others & ~bits
    assert deny & bits == before & bits
    assert allow == 0


def test_only_the_overwrite_of_everyone_counts() -> None:
    overwrites = (OverwriteView(7, 0, 1, 2), OverwriteView(GUILD, 1, 3, 4), OverwriteView(GUILD, 0, 5, 6))
    assert everyone_before(GUILD, overwrites, 9) == Before(allow=5, deny=6, slow_mode_s=9)
    assert everyone_before(GUILD, overwrites[:2], 9) == Before(slow_mode_s=9)


@given(st.floats(1, LONGEST_S))
def test_timeouts_follow_each_other_without_a_gap_to_the_end(length: float) -> None:
    now, renewals = 0.0, 0
    until = timeout_end(length, now)
    while (renew := next_renewal(length, now)) is not None:
        assert now < renew < until, "renewed before it runs out"
        now, renewals = renew, renewals + 1
        until = timeout_end(length, now)
        assert until - now <= 28 * DAY
    assert until == length
    assert renewals == 0 or length > 27 * DAY


def event(**payload: Any) -> dict[str, Any]:
    return {"guild_id": str(GUILD), "user": {"id": str(MEMBER)}, **payload}


@pytest.mark.parametrize(
    ("changes", "name", "payload", "expected"),
    [
        ({"kind": "tempban"}, "GUILD_BAN_ADD", event(), True),
        ({"kind": "tempban"}, "GUILD_BAN_REMOVE", event(), False),
        ({"kind": "tempban"}, "GUILD_MEMBER_UPDATE", event(roles=[]), None),
        ({}, "GUILD_MEMBER_UPDATE", event(communication_disabled_until="1970-01-01T00:01:40+00:00"), True),
        ({}, "GUILD_MEMBER_UPDATE", event(communication_disabled_until="1970-01-01T00:00:01+00:00"), False),
        ({}, "GUILD_MEMBER_UPDATE", event(communication_disabled_until=None), False),
        ({}, "GUILD_MEMBER_UPDATE", event(roles=[]), None),
        ({"kind": "temprole", "role_id": 9}, "GUILD_MEMBER_UPDATE", event(roles=["8", "9"]), True),
        ({"kind": "temprole", "role_id": 9}, "GUILD_MEMBER_ADD", event(roles=[]), False),
        ({"kind": "temprole", "role_id": 9}, "GUILD_ROLE_DELETE", {"role_id": "9"}, False),
        ({"kind": "lock"}, "CHANNEL_UPDATE", {"permission_overwrites": [{"id": str(GUILD), "deny": "2048"}]}, True),
        ({"kind": "lock"}, "CHANNEL_UPDATE", {"permission_overwrites": [{"id": str(GUILD), "deny": "1024"}]}, False),
        ({"kind": "lock"}, "CHANNEL_UPDATE", {"permission_overwrites": [{"id": "7", "deny": "2048"}]}, False),
        ({"kind": "lock"}, "CHANNEL_DELETE", {}, False),
        ({"kind": "slowmode", "seconds": 5}, "CHANNEL_UPDATE", {"rate_limit_per_user": 5}, True),
        ({"kind": "slowmode", "seconds": 5}, "THREAD_UPDATE", {}, False),
    ],
)
def test_what_an_event_says_of_a_measure(
    changes: dict[str, Any], name: str, payload: dict[str, Any], expected: bool | None
) -> None:
    assert in_place(msgspec.structs.replace(MUTE, **changes), name, payload, now=50.0) is expected


def test_whom_an_event_is_about() -> None:
    assert target_of("GUILD_BAN_REMOVE", event()) == MEMBER
    assert target_of("CHANNEL_DELETE", {"id": "7"}) == 7
    assert target_of("GUILD_ROLE_DELETE", {"role_id": "9"}) == 9


def test_every_kind_has_words() -> None:
    for kind in KINDS:
        measure = msgspec.structs.replace(MUTE, kind=kind, role_id=9)
        assert done(measure).endswith((".", ")"))
        assert "case #5" in timer_title(measure)
        assert (direct(measure, "Home", "Badge") is None) == (measure.info.of_channel or kind == "unban")
    assert len(audit_reason(msgspec.structs.replace(MUTE, reason="x" * 900))) <= 512
    bans = {msgspec.structs.replace(MUTE, kind=kind).thing_key for kind in ("tempban", "unban")}
    assert len(bans) == 1


@pytest.fixture
def state() -> GuildState:
    """The owner; the bot above the moderator above the member; one role above the bot."""

    def role(id_: int, position: int, permissions: int = 0, managed: bool = False) -> dict[str, Any]:
        return {
            "id": str(id_),
            "name": str(id_),
            "position": position,
            "permissions": str(permissions),
            "managed": managed,
        }

    def member(id_: int, *roles: int) -> dict[str, Any]:
        return {"user": {"id": str(id_)}, "roles": [str(each) for each in roles]}

    known = GuildState()
    known.on("READY", {"user": {"id": str(BOT)}, "guilds": [{"id": str(GUILD)}]})
    roles = [
        role(GUILD, 0),
        role(LOW, 1),
        role(POWER, 2, 1 << 3),
        role(MOD_ROLE, 5),
        role(MANAGED, 1, managed=True),
        role(BOT_ROLE, 9, BAN | MANAGE_ROLES),
        role(HIGH, 10),
    ]
    members = [member(OWNER), member(BOT, BOT_ROLE), member(MOD, MOD_ROLE), member(MEMBER, LOW)]
    known.on(
        "GUILD_CREATE",
        {"id": str(GUILD), "name": "Home", "owner_id": str(OWNER), "roles": roles, "members": members},
    )
    return known


@pytest.mark.parametrize(
    ("actor", "target", "said"),
    [
        ((MOD, [MOD_ROLE]), (MEMBER, [LOW]), ""),
        ((MOD, [MOD_ROLE]), (77, []), ""),
        ((OWNER, []), (MOD, [MOD_ROLE]), ""),
        ((MOD, [MOD_ROLE]), (MOD, [MOD_ROLE]), "yourself"),
        ((MOD, [MOD_ROLE]), (BOT, [BOT_ROLE]), "myself"),
        ((OWNER, []), (BOT, [BOT_ROLE]), "myself"),
        ((MOD, [MOD_ROLE]), (OWNER, []), "owner"),
        ((MEMBER, [LOW]), (MOD, [MOD_ROLE]), "not below yours"),
        ((MOD, [MOD_ROLE]), (77, [MOD_ROLE]), "not below yours"),
        ((OWNER, []), (77, [HIGH]), "not below mine"),
    ],
)
def test_who_may_act_on_whom(
    state: GuildState, actor: tuple[int, list[int]], target: tuple[int, list[int]], said: str
) -> None:
    refusal = person_refusal(state, GUILD, OWNER, actor, target)
    assert said in refusal
    assert bool(said) == bool(refusal)


@pytest.mark.parametrize(
    ("actor", "role", "said"),
    [
        ((MOD, [MOD_ROLE]), LOW, ""),
        ((OWNER, []), MOD_ROLE, ""),
        ((MOD, [MOD_ROLE]), MOD_ROLE, "not below your highest"),
        ((MOD, [MOD_ROLE]), POWER, "needs 'Manage Roles'"),
        ((OWNER, []), POWER, ""),
        ((OWNER, []), HIGH, "not below mine"),
        ((OWNER, []), MANAGED, "an app"),
        ((OWNER, []), GUILD, "no role"),
        ((OWNER, []), 999, "no role"),
    ],
)
def test_which_roles_may_be_handed_out(state: GuildState, actor: tuple[int, list[int]], role: int, said: str) -> None:
    refusal = role_refusal(state, GUILD, OWNER, actor, role)
    assert said in refusal
    assert bool(said) == bool(refusal)


def test_the_right_comes_from_discord_or_from_a_level(state: GuildState) -> None:
    levels = AccessSettings(trusted_roles=(LOW,), moderator_roles=(MOD_ROLE,))
    assert right_refusal(BAN, BAN, levels, owner=False, roles=[]) == ""
    assert right_refusal(0, BAN, levels, owner=True, roles=[]) == ""
    assert right_refusal(0, BAN, levels, owner=False, roles=[MOD_ROLE]) == ""
    assert "'Ban Members'" in right_refusal(MODERATE, BAN, levels, owner=False, roles=[LOW])
    assert own_lack(state, GUILD, BAN, None, 0.0) == ""
    assert "'Moderate Members'" in own_lack(state, GUILD, MODERATE, None, 0.0)
    assert "in that channel" in own_lack(state, GUILD, MANAGE_ROLES, 55, 0.0)


def test_a_usual_duration_must_be_one() -> None:
    with pytest.raises(SettingsRejected, match="mute_duration"):
        SCHEMA.apply(SCHEMA.defaults(), {"mute_duration": "long"})
    assert SCHEMA.apply(SCHEMA.defaults(), {"mute_duration": "2h"}).mute_duration == "2h"
