"""Part of the cache bench: queries per message and per dashboard request, and what was read that was true no more.

Real chat at its real speed, by the recording's clock, so that every age limit passes as on a live evening. Each message
reads its server's settings; each dashboard request goes through the whole web application, signed in, as ASGI. The
three ways (`cache_ways`) have a database each and take turns in random order.
"""

import asyncio
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.cache_dashboard import Dashboard
from bench.cache_ways import Direct, Ours, Repositories, Ttl
from bench.report import Report
from bench.writes_replay import Said, recording
from bench.writes_stores import CHAT, RETURNING, SECONDS_PER_DAY, observed, one, postgres_store, sqlite_store, user_of
from skynetbot.bus.contract import GAP_TOPIC
from skynetbot.bus.local import LocalBus
from skynetbot.features.activity.news import activity_topic
from skynetbot.features.registry import schemas
from skynetbot.guildconfig.service import Author, SettingsService
from skynetbot.observability.metrics import Metrics
from skynetbot.pipeline.runner import actions_topic
from skynetbot.storage.actions import ActionRow
from skynetbot.storage.activity import ActivityRepository
from skynetbot.storage.statements import Mode, UpsertRows
from skynetbot.storage.store import Store
from skynetbot.storage.tables import MEMBERS
from skynetbot.writes.behind import WriteBehind
from skynetbot.writes.policy import WritePolicy
from support.servers import PostgresServer

__all__ = ["queries"]

WAYS: Final = {"none": Direct, "ttl": Ttl, "ours": Ours}
_REQUEST_EVERY: Final = 50
_VISIT: Final = 10
"""Requests that one person makes in a row, to one server."""
_SAVE_EVERY: Final = 2_000
_ACTION_EVERY: Final = 500
_TURN: Final = 1_000
_QUIET: Final = 160
_SOON_S: Final = 0.5
_RECHECK_S: Final = 5.0
_GATHER_S: Final = 0.25
_ADA: Final = Author(1, "Ada", "dashboard")
_POLICY: Final = WritePolicy()
_MEMBER_SHAPE: Final[tuple[tuple[str, Mode], ...]] = (("messages", "add"), ("name", "set"), ("last_message_at", "max"))


async def queries(report: Report, server: PostgresServer | None, *, quick: bool) -> None:
    """20,000 messages, and half of them on PostgreSQL; 4,000 on SQLite only when quick."""
    if not CHAT.is_file():
        report.notes.append(f"The real chat is not here ({CHAT}), so no queries were counted.")
        return
    said = recording(4_000 if quick else 20_000)
    await _engine(report, "", None, said, members=200 if quick else 2_000)
    if server is not None and not quick:
        await _engine(report, "postgres_", server, said[: len(said) // 2], members=2_000)
    span = said[-1].at - said[0].at
    report.notes.append(
        f"Queries: {len(said):,} messages of 16 live chats in {span:,.0f} s; a dashboard request each {_REQUEST_EVERY} "
        f"messages, {_VISIT} in a row by one person to one server; settings saved each {_SAVE_EVERY:,} messages, every "
        "second time by another process, whose news are there at once (see save_to_effect for how soon they are); an "
        f"action each {_ACTION_EVERY}. ours counts what it asks by itself (each 5 s, which settings changed) as the "
        "messages'. ttl is the original's: 300 s, 1,000 entries, never told of changes; it did not even use it for "
        "messages. A stale read gave settings older than the last acknowledged save; a stale page had counters or "
        "actions older than 0.25 s. scattered: after the replay, nothing happens any more, and each request is of "
        "another person to another server, so that most of what was read has passed its age limit; warm: the same "
        "person again half a second later. request_* is the application's time, without a socket."
    )


async def _engine(
    report: Report, mark: str, server: PostgresServer | None, said: Sequence[Said], *, members: int
) -> None:
    async with AsyncExitStack() as stack:
        sides: dict[str, Side] = {}
        for name in WAYS:
            opened: Any = sqlite_store() if server is None else postgres_store(server)
            store, folder = await stack.enter_async_context(opened)
            side = sides[name] = Side(name, store, folder, said, members)
            await side.open()
            stack.push_async_callback(side.close)
        for start in range(0, len(said), _TURN):
            for side in random.sample(list(sides.values()), k=len(sides)):
                for place in range(start, min(start + _TURN, len(said))):
                    await side.happens(place)
        exact = {name: await side.counted_all() for name, side in sides.items()}
        replayed = {name: side.take() for name, side in sides.items()}
        scattered: dict[str, Seen] = {}
        warm: dict[str, Seen] = {}
        for name, side in sides.items():
            scattered[name], warm[name] = await side.quiet()
    for name, seen in replayed.items():
        _tell(report, mark, name, seen, len(said))
        for word, part in (("scattered", scattered[name]), ("warm", warm[name])):
            report.figures[f"{mark}queries_per_request_{word}_{name}"] = round(part.request_queries / _QUIET, 4)
            report.figures[f"{mark}request_{word}_p50_ms_{name}"] = round(statistics.median(part.walls) * 1e3, 3)
        report.gates[f"{mark}{name}_counts_every_message"] = exact[name]
        report.gates[f"{mark}{name}_answers_every_request"] = (
            seen.refused == scattered[name].refused == warm[name].refused == 0
        )
    for name in ("none", "ours"):
        report.gates[f"{mark}no_stale_read_{name}"] = replayed[name].stale_reads == 0
        report.gates[f"{mark}no_stale_page_{name}"] = replayed[name].stale_pages == scattered[name].stale_pages == 0
    report.gates[f"{mark}warm_request_asks_nothing_ours"] = warm["ours"].request_queries == 0
    ours = replayed["ours"]
    for name in ("none", "ttl"):
        theirs = replayed[name]
        report.ratios[f"{mark}queries_per_message_{name}"] = round(theirs.message_queries / ours.message_queries, 2)
        report.ratios[f"{mark}queries_per_request_{name}"] = round(theirs.request_queries / ours.request_queries, 2)
        report.ratios[f"{mark}request_wall_{name}"] = round(
            statistics.median(theirs.walls) / statistics.median(ours.walls), 2
        )
        report.ratios[f"{mark}request_wall_warm_{name}"] = round(
            statistics.median(warm[name].walls) / statistics.median(warm["ours"].walls), 2
        )


class Seen(msgspec.Struct):
    """What happened in one part of the run."""

    message_queries: int = 0
    request_queries: int = 0
    by_collection: Counter[str] = msgspec.field(default_factory=Counter)
    reads: int = 0
    stale_reads: int = 0
    stale_pages: int = 0
    oldest_page_s: float = 0.0
    refused: int = 0
    walls: list[float] = []


def _tell(report: Report, mark: str, name: str, seen: Seen, messages: int) -> None:
    figures = report.figures
    walls = sorted(seen.walls)
    figures[f"{mark}queries_per_message_{name}"] = round(seen.message_queries / messages, 5)
    figures[f"{mark}queries_per_request_{name}"] = round(seen.request_queries / len(walls), 4)
    for collection, count in sorted(seen.by_collection.items()):
        figures[f"{mark}queries_per_request_{name}_of_{collection}"] = round(count / len(walls), 4)
    figures[f"{mark}stale_reads_{name}"] = seen.stale_reads
    figures[f"{mark}stale_reads_percent_{name}"] = round(100 * seen.stale_reads / seen.reads, 3)
    figures[f"{mark}stale_pages_percent_{name}"] = round(100 * seen.stale_pages / len(walls), 2)
    figures[f"{mark}oldest_page_s_{name}"] = round(seen.oldest_page_s, 2)
    figures[f"{mark}request_p50_ms_{name}"] = round(walls[len(walls) // 2] * 1e3, 3)
    figures[f"{mark}request_p99_ms_{name}"] = round(walls[int(len(walls) * 0.99)] * 1e3, 3)


class Side:
    """One way with its database, its dashboard and its clock."""

    def __init__(self, name: str, store: Store, folder: Path, said: Sequence[Said], members: int) -> None:
        self.at = said[0].at
        self._store = store
        self._said = said
        self._members = members
        self._guilds = sorted({message.guild_id for message in said})
        self._bus = LocalBus()
        self._writes = WriteBehind(
            store, folder / "journal", Metrics(), policy=_POLICY, returning=RETURNING, now=self._now
        )
        repositories = Repositories(store, ActivityRepository(store, self._writes))
        self._repositories = repositories
        self._reads: Any = WAYS[name](repositories, self._bus, self._now)
        elsewhere = SettingsService(repositories.settings, self._bus, schemas(), now=self._now)
        self._savers = (elsewhere, elsewhere)
        self._ours = self._reads if isinstance(self._reads, Ours) else None
        if self._ours is not None:
            self._savers = (self._ours.service, elsewhere)
            pages = self._ours.pages
            self._bus.listen(activity_topic, pages.counters_moved)
            self._bus.listen(actions_topic, pages.action_recorded)
            self._bus.listen(GAP_TOPIC, lambda _: pages.revalidate())
        self._dashboard = Dashboard(self._reads, self._guilds, self._now)
        self._revisions: dict[int, int] = {}
        self._actions: dict[int, list[tuple[int, float]]] = defaultdict(list)
        self._times: dict[int, list[float]] = defaultdict(list)
        self._moved: set[int] = set()
        self._news_due = float("inf")
        self._flush_due = self.at + _POLICY.interval_s
        self._recheck_due = self.at + _RECHECK_S
        self._requests = self._saves = 0
        self._visited = self._guilds[0]
        self._seen = Seen()

    # -- life ------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Servers with members, actions, settings and an owner who is signed in."""
        await self._writes.open()
        for guild_id in self._guilds:
            rows = [(guild_id, user_of(1_000_000 + n), 3, f"member-{n}", self.at) for n in range(self._members)]
            await self._store.run("members", "fill", lambda rows=rows: one(UpsertRows(MEMBERS, _MEMBER_SHAPE, rows)))  # type: ignore[misc]
            await self._act(guild_id)
            changes = {"enabled": True, "words": ["spoil*", "bad word", f"only in {guild_id}"]}
            await self._save(guild_id, "wordfilter", changes)
            await self._dashboard.sign_in(guild_id)

    async def close(self) -> None:
        await self._writes.close()
        if self._ours is not None:
            for cache in self._ours.caches:
                await cache.close()

    def take(self) -> Seen:
        """What was seen since the last time."""
        seen, self._seen = self._seen, Seen()
        return seen

    async def counted_all(self) -> bool:
        """Whether the database has every message, once; the flush is not the way's."""
        await self._flush()
        day = int(self.at // SECONDS_PER_DAY)
        totals = {g: (await self._repositories.activity.totals(g, day)).messages_total for g in self._guilds}
        return totals == {guild_id: len(times) for guild_id, times in self._times.items()}

    # -- what happens ----------------------------------------------------------------------------------------------

    async def happens(self, place: int) -> None:
        """One message, and what else is due."""
        message = self._said[place]
        await self._until(message.at)
        before = self._queries()
        snapshot = await self._reads.snapshot(message.guild_id)
        self._seen.message_queries += self._queries() - before
        self._read(message.guild_id, snapshot.revision)
        self._writes.soon_nowait(*observed(message.guild_id, message.user_id, message.name, self.at))
        self._times[message.guild_id].append(self.at)
        self._moved.add(message.guild_id)
        self._news_due = min(self._news_due, self.at + _GATHER_S)
        await asyncio.sleep(0)
        if self._writes.waiting_keys >= _POLICY.keys:
            await self._flush()
        if place % _ACTION_EVERY == _ACTION_EVERY - 1:
            await self._act(message.guild_id)
        if place % _SAVE_EVERY == _SAVE_EVERY // 2:
            self._saves += 1
            await self._save(message.guild_id, "wordfilter", {"words": [f"word {place}"]})
        if place % _REQUEST_EVERY == _REQUEST_EVERY - 1:
            if self._requests % _VISIT == 0:
                self._visited = message.guild_id
            self._requests += 1
            await self._request(self._visited)

    async def quiet(self) -> tuple[Seen, Seen]:
        """Requests at the same pace, each to another server, while nothing else happens; and each again soon after."""
        pace = (self._said[-1].at - self._said[0].at) / len(self._said) * _REQUEST_EVERY
        scattered, warm = Seen(), Seen()
        await self._until(self.at + pace)
        for number in range(_QUIET):
            guild_id = self._guilds[number % len(self._guilds)]
            self._seen = scattered
            await self._until(self.at + pace)
            await self._request(guild_id)
            self._seen = warm
            await self._until(self.at + _SOON_S)
            await self._request(guild_id)
        return scattered, warm

    async def _until(self, at: float) -> None:
        while (due := min(self._news_due, self._flush_due, self._recheck_due)) <= at:
            self.at = max(self.at, due)
            if due == self._news_due:
                guilds, self._moved, self._news_due = sorted(self._moved), set(), float("inf")
                self._bus.publish(activity_topic, guilds)
            elif due == self._flush_due:
                await self._flush()
            else:
                self._recheck_due += _RECHECK_S
                if self._ours is not None:
                    before = self._queries()
                    await self._ours.service.recheck()
                    self._seen.message_queries += self._queries() - before
        self.at = at

    async def _flush(self) -> None:
        await self._writes.flush()
        self._flush_due = self.at + _POLICY.interval_s

    async def _save(self, guild_id: int, feature: str, changes: dict[str, Any]) -> None:
        service = self._savers[self._saves % 2]
        await service.update(guild_id, feature, changes, author=_ADA)
        self._revisions[guild_id] = (await service.snapshot(guild_id)).revision

    async def _act(self, guild_id: int) -> None:
        row = ActionRow(
            at=self.at,
            guild_id=guild_id,
            feature="wordfilter",
            kind="delete",
            subject="somebody's message",
            summary="deleted a message with an unwanted word",
            reason="the word filter's list",
        )
        added = await self._repositories.actions.add(row)
        self._actions[guild_id].append((added.id, self.at))
        self._bus.publish(actions_topic, guild_id)

    async def _request(self, guild_id: int) -> None:
        before = Counter(self._store.queries_by_verb())
        began = time.perf_counter()
        status, body = await self._dashboard.get(guild_id)
        self._seen.walls.append(time.perf_counter() - began)
        asked = Counter(self._store.queries_by_verb()) - before
        self._seen.request_queries += asked.total()
        for (collection, _), count in asked.items():
            self._seen.by_collection[collection] += count
        if status != 200:
            self._seen.refused += 1
            return
        page = msgspec.json.decode(body)
        version = next(s["version"] for s in page["settings"] if s["feature"] == "wordfilter")
        self._read(guild_id, version)  # nothing else is saved here, so the revision is this version
        shown = page["totals"]["messages_total"]
        missing = [self._times[guild_id][shown]] if shown < len(self._times[guild_id]) else []
        newest = int(page["actions"][0]["id"])
        missing += [at for number, at in self._actions[guild_id] if number > newest]
        age = self.at - min(missing, default=self.at)
        self._seen.stale_pages += age > _GATHER_S
        self._seen.oldest_page_s = max(self._seen.oldest_page_s, age)

    def _read(self, guild_id: int, revision: int) -> None:
        self._seen.reads += 1
        self._seen.stale_reads += revision < self._revisions[guild_id]

    def _queries(self) -> int:
        return self._store.stats()["queries"]

    def _now(self) -> float:
        return self.at
