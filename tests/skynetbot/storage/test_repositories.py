"""The repositories that commit at once, on both engines: what they keep, and what they promise to many at once."""

import asyncio

import msgspec
import pytest

from skynetbot.storage.actions import ActionRepository, ActionRow
from skynetbot.storage.activity import ActivityRepository
from skynetbot.storage.cases import CaseRepository, CaseRow
from skynetbot.storage.channels import ChannelSwitchRepository
from skynetbot.storage.errors import RowRefused
from skynetbot.storage.positions import (
    DeadWrite,
    DeadWriteRepository,
    add_dead_write,
    lock_position,
    read_position,
    save_position,
)
from skynetbot.storage.rows import RowChange, apply_rows
from skynetbot.storage.sessions import SessionRepository
from skynetbot.storage.settings import (
    SavedSettings,
    SettingsChangeRow,
    SettingsRepository,
    SettingsRow,
    SettingsSave,
    VersionConflict,
)
from skynetbot.storage.statements import Work
from skynetbot.storage.store import Store
from skynetbot.storage.tables import GUILDS
from skynetbot.writes.behind import WriteBehind
from support.pets import Change

ACTION = ActionRow(
    at=1000.25,
    guild_id=1,
    feature="wordfilter",
    kind="delete",
    subject="ada 😀",
    summary="Deleted",
    reason="said bad",
    settings_version=3,
    evidence={"word": "bad"},
)
CASE = CaseRow(guild_id=1, kind="warn", user_id=7, moderator_id=9, reason="mind your words", at=1000.25)


class TestActions:
    async def test_an_action_gets_a_number_and_comes_back_as_it_was(self, store: Store) -> None:
        actions = ActionRepository(store)
        plain = await actions.add(ACTION)
        full = await actions.add(msgspec.structs.replace(ACTION, channel_id=(1 << 63) - 1, user_id=7, message_id=8))
        assert full.id > plain.id > 0
        assert await actions.recent(1, 10) == [full, plain]
        assert await actions.recent(2, 10) == []

    async def test_pages_follow_each_other_without_gaps(self, store: Store) -> None:
        actions = ActionRepository(store)
        added = [await actions.add(msgspec.structs.replace(ACTION, guild_id=1 + n % 2)) for n in range(10)]
        newest = await actions.recent(1, 3)
        rest = await actions.recent(1, 3, before=newest[-1].id)
        assert [*newest, *rest] == [row for row in reversed(added) if row.guild_id == 1]
        assert await actions.recent(1, 3, before=rest[-1].id) == []

    async def test_many_at_once_have_numbers_of_their_own(self, store: Store) -> None:
        added = await asyncio.gather(*(ActionRepository(store).add(ACTION) for _ in range(20)))
        assert len({row.id for row in added}) == 20


class TestSessions:
    async def test_a_session_is_replaced_and_deleted_by_its_key(self, store: Store) -> None:
        sessions = SessionRepository(store)
        await sessions.set("key", b"old", 100.0)
        await sessions.set("key", b"\x00new\xff", 200.0)
        await sessions.set("other", b"", None)
        assert await sessions.get("key", 150.0) == (b"\x00new\xff", 200.0)
        await sessions.delete("key")
        await sessions.delete("key")
        assert await sessions.get("key", 150.0) is None
        assert await sessions.get("other", 150.0) == (b"", None)
        await sessions.delete_all()
        assert await sessions.get("other", 150.0) is None

    async def test_an_expired_session_is_not_given_out_and_swept_later(self, store: Store) -> None:
        sessions = SessionRepository(store)
        for key, expires_at in (("gone", 99.0), ("now", 100.0), ("soon", 100.5), ("never", None)):
            await sessions.set(key, b"x", expires_at)
        assert [key for key in ("gone", "now", "soon", "never") if await sessions.get(key, 100.0)] == ["soon", "never"]
        assert await sessions.delete_expired(100.0) == 2
        assert await sessions.delete_expired(100.0) == 0
        assert await sessions.get("now", 0.0) is None
        assert await sessions.get("never", 1e12) == (b"x", None)


async def save(store: Store, expected: int, body: bytes = b"{}", feature: str = "ranks") -> SavedSettings:
    return await save_all(store, SettingsSave(feature, expected, body))


async def save_all(store: Store, *saves: SettingsSave, guild_id: int = 1, at: float = 1.5) -> SavedSettings:
    return await SettingsRepository(store).save(
        guild_id, saves, author_id=9, author_name="Ada 😀", at=at, source="dashboard"
    )


class TestSettings:
    async def test_versions_grow_by_one_and_the_revision_over_all_features(self, store: Store) -> None:
        saved = [await save(store, version, b"%d" % version) for version in range(3)]
        assert [(of.rows["ranks"].version, of.revision) for of in saved] == [(1, 1), (2, 2), (3, 3)]
        last = await save(store, 0, b"other", "welcome")
        assert last == SavedSettings(
            4, {"ranks": SettingsRow("ranks", 3, b"2"), "welcome": SettingsRow("welcome", 1, b"other")}
        )
        settings = SettingsRepository(store)
        assert await settings.all_of(1) == last
        assert await settings.all_of(2) == SavedSettings(0, {})
        assert await settings.many([1, 2]) == {1: last, 2: SavedSettings(0, {})}

    async def test_several_features_are_saved_all_or_none(self, store: Store) -> None:
        await save(store, 0, b"first")
        both = await save_all(store, SettingsSave("ranks", 1, b"second"), SettingsSave("welcome", 0, b"hello"))
        assert (both.revision, both.rows["ranks"].version, both.rows["welcome"].version) == (3, 2, 1)
        with pytest.raises(VersionConflict) as caught:
            await save_all(store, SettingsSave("ranks", 2, b"third"), SettingsSave("welcome", 0, b"too late"))
        assert caught.value.current == SettingsRow("welcome", 1, b"hello")
        assert await SettingsRepository(store).all_of(1) == both
        assert len(await SettingsRepository(store).changes(1)) == 3

    async def test_a_conflict_overwrites_nothing_and_shows_what_stands(self, store: Store) -> None:
        await save(store, 0, b"first")
        standing = await save(store, 1, b"second")
        for expected in (0, 1, 3):
            with pytest.raises(VersionConflict) as caught:
                await save(store, expected, b"lost")
            assert caught.value.current == standing.rows["ranks"]
        assert await SettingsRepository(store).all_of(1) == standing

    async def test_a_conflict_with_nothing_shows_nothing(self, store: Store) -> None:
        with pytest.raises(VersionConflict) as caught:
            await save(store, 5)
        assert caught.value.current is None
        assert await SettingsRepository(store).all_of(1) == SavedSettings(0, {})

    @pytest.mark.parametrize("version", [0, 1])
    async def test_of_many_who_expect_the_same_version_exactly_one_wins(self, store: Store, version: int) -> None:
        for earlier in range(version):
            await save(store, earlier)
        results = await asyncio.gather(*(save(store, version, b"%d" % n) for n in range(20)), return_exceptions=True)
        (winner,) = (result for result in results if isinstance(result, SavedSettings))
        conflicts = [result for result in results if isinstance(result, VersionConflict)]
        assert [conflict.current for conflict in conflicts] == [winner.rows["ranks"]] * 19
        assert winner.rows == {"ranks": SettingsRow("ranks", version + 1, b"%d" % results.index(winner))}
        assert await SettingsRepository(store).all_of(1) == winner

    async def test_every_change_is_kept_with_what_was_before(self, store: Store) -> None:
        await save(store, 0, b"one")
        await save_all(store, SettingsSave("welcome", 0, b"hello"), SettingsSave("ranks", 1, b"two"), at=2.5)
        await save_all(store, SettingsSave("ranks", 0, b"elsewhere"), guild_id=2, at=3.5)
        settings = SettingsRepository(store)
        newest, middle, oldest = await settings.changes(1)
        assert newest == SettingsChangeRow(
            revision=3,
            feature="ranks",
            version=2,
            before=b"one",
            after=b"two",
            author_id=9,
            author_name="Ada 😀",
            at=2.5,
            source="dashboard",
        )
        assert (middle.revision, middle.before, oldest.revision, oldest.before) == (2, None, 1, None)
        assert await settings.changes(1, limit=1) == [newest]
        assert await settings.changes(1, before=3) == [middle, oldest]
        assert await settings.changes(1, feature="ranks", before=3) == [oldest]
        assert await settings.change(1, 2) == middle
        assert await settings.change(1, 0) is None
        assert await settings.changed_since(2.5) == {1: 3, 2: 1}
        assert await settings.changed_since(4.0) == {}

    async def test_what_stood_at_a_version_or_a_revision_is_found_again(self, store: Store) -> None:
        await save(store, 0, b"one")
        await save(store, 0, b"hello", "welcome")
        await save(store, 1, b"two")
        settings = SettingsRepository(store)
        assert [await settings.body_at(1, "ranks", version) for version in range(4)] == [None, b"one", b"two", None]
        assert await settings.bodies_at(1, 0) == {}
        assert await settings.bodies_at(1, 1) == {"ranks": b"one"}
        assert await settings.bodies_at(1, 2) == {"ranks": b"one", "welcome": b"hello"}
        assert await settings.bodies_at(1, 3) == {"ranks": b"two", "welcome": b"hello"}
        assert await settings.bodies_at(2, 3) == {}


class TestCases:
    async def test_many_at_once_are_numbered_without_gaps_in_each_server(self, store: Store) -> None:
        cases = CaseRepository(store)
        elsewhere = msgspec.structs.replace(CASE, guild_id=2)
        opened = await asyncio.gather(
            *(cases.open(CASE) for _ in range(50)), *(cases.open(elsewhere) for _ in range(5))
        )
        assert sorted(case.number for case in opened if case.guild_id == 1) == list(range(1, 51))
        assert sorted(case.number for case in opened if case.guild_id == 2) == list(range(1, 6))

    async def test_a_case_that_is_refused_uses_up_no_number(self, store: Store) -> None:
        cases = CaseRepository(store)
        with pytest.raises(RowRefused):
            await cases.open(msgspec.structs.replace(CASE, user_id=1 << 63))
        assert (await cases.open(CASE)).number == 1

    async def test_numbers_go_on_when_the_servers_row_is_made_or_dropped_by_others(self, store: Store) -> None:
        def change(dropped: bool) -> Work[object]:
            return apply_rows(GUILDS, [RowChange((1,), dropped, {"name": Change("set", "Home")}, {})])

        cases = CaseRepository(store)
        await store.run("guilds", "name", lambda: change(dropped=False))
        numbers = [(await cases.open(CASE)).number for _ in range(2)]
        await store.run("guilds", "drop", lambda: change(dropped=True))
        assert [*numbers, (await cases.open(CASE)).number] == [1, 2, 3]

    async def test_a_members_cases_come_back_newest_first(self, store: Store) -> None:
        cases = CaseRepository(store)
        first = await cases.open(msgspec.structs.replace(CASE, expires_at=2000.5))
        await cases.open(msgspec.structs.replace(CASE, user_id=8))
        third = await cases.open(CASE)
        assert await cases.of_user(1, 7) == [third, first]
        assert await cases.of_user(1, 7, limit=1) == [third]
        assert await cases.of_user(2, 7) == []

    async def test_a_case_is_closed_once(self, store: Store) -> None:
        cases = CaseRepository(store)
        number = (await cases.open(CASE)).number
        assert not await cases.close(1, number + 1, 1.0)
        assert sorted(await asyncio.gather(*(cases.close(1, number, float(at)) for at in range(3)))) == [
            False,
            False,
            True,
        ]
        assert (await cases.of_user(1, 7))[0].closed_at in (0.0, 1.0, 2.0)


class TestChannelSwitches:
    async def test_a_switch_is_set_changed_and_taken_back(self, store: Store) -> None:
        switches = ChannelSwitchRepository(store)

        async def switch(channel: int, feature: str, enabled: bool | None, guild: int = 1) -> None:
            await switches.set(guild, channel, feature, enabled, author_id=9, at=1.5)

        await switch(10, "ranks", True)
        await switch(10, "wordfilter", False)
        await switch(11, "ranks", False)
        await switch(10, "ranks", False, guild=2)
        await switch(10, "ranks", False)
        await switch(11, "ranks", None)
        await switch(12, "ranks", None)
        assert await switches.all_of(1) == {(10, "ranks"): False, (10, "wordfilter"): False}
        assert await switches.all_of(2) == {(10, "ranks"): False}


class TestPositions:
    async def test_a_writers_position_starts_at_0_and_is_its_own(self, store: Store) -> None:
        assert await store.run("positions", "lock", lambda: lock_position("a", 1.0)) == 0
        await store.run("positions", "save", lambda: save_position("a", 7, 2.0))
        assert await store.run("positions", "lock", lambda: lock_position("a", 3.0)) == 7
        assert await store.read("positions", "read", lambda: read_position("a")) == 7
        assert await store.read("positions", "read", lambda: read_position("b")) == 0

    async def test_a_lock_lasts_until_the_commit(self, store: Store) -> None:
        def advance() -> Work[int]:
            position = yield from lock_position("a", 1.0)
            yield from save_position("a", position + 1, 1.0)
            return position

        positions = await asyncio.gather(*(store.run("positions", "advance", advance) for _ in range(20)))
        assert sorted(positions) == list(range(20))

    async def test_dead_writes_come_back_newest_first(self, store: Store) -> None:
        dead = [
            DeadWrite(
                at=1.5, writer="w", position=n, collection="members", key="[1,7]", operation="{}", reason=f"no {n} 😀"
            )
            for n in range(3)
        ]
        for row in dead:
            await store.run("dead_writes", "add", lambda row=row: add_dead_write(row))
        found = await DeadWriteRepository(store).recent()
        assert [msgspec.structs.replace(row, id=0) for row in found] == dead[::-1]
        assert len({row.id for row in found}) == 3
        assert await DeadWriteRepository(store).recent(limit=1) == found[:1]


async def test_a_rank_is_reached_once_however_many_ask(store: Store, writes: WriteBehind) -> None:
    activity = ActivityRepository(store, writes)
    reached = await asyncio.gather(*(activity.reach_rank(1, 7, 3, 1.5) for _ in range(10)))
    assert sorted(reached) == [False] * 9 + [True]
    assert not await activity.reach_rank(1, 7, 2, 1.5), "nobody falls back"
    assert await activity.reach_rank(1, 7, 4, 1.5)
    assert await activity.reach_rank(1, 8, 1, 1.5)
