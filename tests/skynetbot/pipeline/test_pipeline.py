"""From a message to recorded actions: plans, order, failures, and what becomes of refused effects."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec
import pytest

from skynetbot.bus.local import LocalBus
from skynetbot.discord.effects import EffectRefused
from skynetbot.discord.messages import Author, Message
from skynetbot.guildconfig.schema import Schema
from skynetbot.guildconfig.service import Author as Editor
from skynetbot.guildconfig.service import SettingsService
from skynetbot.guildconfig.snapshot import GuildSettings
from skynetbot.observability.metrics import Metrics
from skynetbot.pipeline.engine import Pipeline
from skynetbot.pipeline.plans import PlanBook, Stage, StageSpec
from skynetbot.pipeline.runner import VerdictRunner, actions_topic
from skynetbot.pipeline.verdicts import DeleteMessage, Verdict, WarnMember
from skynetbot.storage.actions import ActionRepository
from skynetbot.storage.settings import SettingsRepository
from skynetbot.storage.sqlite import SqliteStore

GUILD = 5


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    word: str = "bad"


SCHEMA = Schema("sample", Sample, title="Sample", help="")


class RecordingEffects:
    """Discord in memory: what was asked for, and a reason to refuse with."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.refuse_deletes = False

    async def delete_message(self, channel_id: int, message_id: int, *, reason: str) -> None:
        if self.refuse_deletes:
            raise EffectRefused("I may not delete messages there.")
        self.done.append(("delete", channel_id, message_id))

    async def send_message(self, channel_id: int, content: str, *, mention_users: Sequence[int] = ()) -> int:
        self.done.append(("send", channel_id, content))
        return 1

    async def send_direct_message(self, user_id: int, content: str) -> None:
        self.done.append(("direct", user_id, content))


def word_stage(settings: GuildSettings) -> Stage | None:
    word = settings.get(Sample).word

    def stage(message: Message) -> Verdict | None:
        if word not in message.text:
            return None
        return Verdict(
            feature="sample",
            rule="sample",
            summary="Deleted",
            reason=f"said {word}",
            settings_version=settings.version("sample"),
            effects=(DeleteMessage(), WarnMember("mind your words")),
            evidence={"word": word},
        )

    return stage if word else None


class House:
    """The pipeline with everything around it that it needs."""

    def __init__(self, database: SqliteStore, specs: Sequence[StageSpec]) -> None:
        self.metrics = Metrics()
        self.bus = LocalBus()
        self.effects = RecordingEffects()
        self.actions = ActionRepository(database)
        schemas: Mapping[str, Schema[Any]] = {"sample": SCHEMA}
        self.settings = SettingsService(SettingsRepository(database), self.bus, schemas)
        self.plans = PlanBook(self.settings, specs)
        self.settings.on_changed(self.plans.invalidate)
        self.runner = VerdictRunner(self.effects, self.actions, self.bus, self.metrics, now=lambda: 1000.0)
        self.observed: list[int] = []
        self.pipeline = Pipeline(
            self.plans, [lambda message: self.observed.append(message.id)], self.runner, self.metrics
        )

    async def settle(self) -> None:
        async with asyncio.timeout(5):
            while self.plans.stats()["loading"]:
                await asyncio.sleep(0)
            await self.runner.drain()


@pytest.fixture
async def house(database: SqliteStore) -> AsyncIterator[House]:
    built = House(database, [StageSpec(name="sample", order=1, compile=word_stage)])
    task = asyncio.create_task(built.runner.run())
    yield built
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await built.plans.close()


def message(number: int, text: str, author: int = 9, **changes: Any) -> Message:
    return msgspec.structs.replace(
        Message(id=number, channel_id=10, guild_id=GUILD, content=text, author=Author(id=author, username="ada")),
        **changes,
    )


async def test_messages_before_the_first_plan_are_judged_in_order_once_it_is_there(house: House) -> None:
    for number in range(20):
        house.pipeline.on_message(message(number, "bad"))
    await house.settle()
    deleted = [entry[2] for entry in house.effects.done if entry[0] == "delete"]
    assert deleted == list(range(20))
    assert house.observed == list(range(20))


async def test_an_action_is_recorded_with_rule_evidence_and_settings_version(house: House) -> None:
    heard: list[int] = []
    house.bus.listen(actions_topic, heard.append)
    house.pipeline.on_message(message(1, "so bad"))
    await house.settle()
    (row,) = await house.actions.recent(GUILD, 10)
    assert heard == [GUILD]
    assert (row.feature, row.kind, row.subject, row.message_id, row.at) == ("sample", "sample", "ada", 1, 1000.0)
    assert row.evidence == {"word": "bad", "DeleteMessage": "done", "WarnMember": "done"}


async def test_a_refused_effect_is_recorded_with_its_reason_and_the_others_still_happen(house: House) -> None:
    house.effects.refuse_deletes = True
    house.pipeline.on_message(message(1, "bad"))
    await house.settle()
    (row,) = await house.actions.recent(GUILD, 10)
    assert row.kind == "sample (incomplete)"
    assert row.evidence["DeleteMessage"] == "I may not delete messages there."
    assert [entry[0] for entry in house.effects.done] == ["send"]


async def test_a_settings_change_reaches_the_plan(house: House) -> None:
    house.pipeline.on_message(message(1, "worse"))
    await house.settle()
    assert house.effects.done == []
    await house.settings.update(GUILD, "sample", {"word": "worse"}, author=Editor(1, "Ada"))
    # At once: a message after the save is judged by what was saved.
    house.pipeline.on_message(message(2, "worse"))
    await house.settle()
    (row,) = await house.actions.recent(GUILD, 10)
    assert (row.message_id, row.settings_version) == (2, 1)


async def test_a_guild_with_nothing_switched_on_has_an_empty_plan(house: House) -> None:
    await house.settings.update(GUILD, "sample", {"word": ""}, author=Editor(1, "Ada"))
    await house.settle()
    plan = house.plans.get(GUILD)
    assert plan is not None
    assert plan.stages == ()


async def test_edits_are_judged_but_not_counted(house: House) -> None:
    house.pipeline.on_edit(message(1, "bad", edited_timestamp="2026-01-01T00:00:00+00:00"))
    house.pipeline.on_edit(message(2, "bad"))  # a link preview, not an edit
    await house.settle()
    assert [entry[2] for entry in house.effects.done if entry[0] == "delete"] == [1]
    assert house.observed == []


async def test_bots_and_direct_messages_are_not_for_the_pipeline(house: House) -> None:
    house.pipeline.on_message(message(1, "bad", guild_id=None))
    house.pipeline.on_message(message(2, "bad", webhook_id=3))
    house.pipeline.on_message(msgspec.structs.replace(message(3, "bad"), author=Author(id=1, bot=True)))
    await house.settle()
    assert house.observed == []
    assert house.effects.done == []


async def test_a_broken_stage_is_counted_and_the_others_still_judge(database: SqliteStore) -> None:
    def broken(_: GuildSettings) -> Stage:
        def stage(_: Message) -> Verdict | None:
            raise ZeroDivisionError

        return stage

    house = House(
        database,
        [
            StageSpec(name="broken", order=1, compile=broken),
            StageSpec(name="sample", order=2, compile=word_stage),
        ],
    )
    task = asyncio.create_task(house.runner.run())
    house.pipeline.on_message(message(1, "bad"))
    await house.settle()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [entry[0] for entry in house.effects.done] == ["delete", "send"]
    exposition = house.metrics.exposition()[0].decode()
    assert 'skynetbot_gateway_rejects_total{event="stage",reason="broken"} 1.0' in exposition
