"""The relay over a transport that loses, repeats, delays, freezes and dies when told to."""

import asyncio
import random
import time

import pytest

from skynetbot.bus.contract import GAP_TOPIC, Bus
from skynetbot.bus.frames import Beat, Bye, MessageNotPlain, Messages, decode
from skynetbot.bus.local import LocalBus
from skynetbot.bus.memory import MemoryHub
from skynetbot.bus.relay import RelayBus
from tests.skynetbot.bus.members import Join, Member, Until

SLACK_S = 0.25
"""For a machine that is busy with other tests."""


def messages_only(data: bytes) -> bool:
    return isinstance(decode(data), Messages)


async def pair(join: Join, *hubs: MemoryHub, **options: object) -> tuple[Member, Member]:
    return (
        await join([hub.transport() for hub in hubs], **options),
        await join([hub.transport() for hub in hubs], **options),
    )


async def test_messages_arrive_everywhere_in_order_and_once(join: Join, until: Until) -> None:
    hub = MemoryHub()
    first, second = await pair(join, hub)
    third = await join([hub.transport()])
    for n in range(1_000):
        first.bus.publish("news", n)
        third.bus.publish("news", -n)
    assert first.got == list(range(1_000)), "here it is at once"
    await until(lambda: all(len(member.got) == 2_000 for member in (first, second, third)))
    assert [n for n in second.got if n > 0] == list(range(1, 1_000))
    assert [n for n in second.got if n < 0] == list(range(-1, -1_000, -1))


async def test_other_topics_stay_here_and_take_anything(join: Join) -> None:
    first, second = await pair(join, MemoryHub())
    heard: list[object] = []
    first.bus.listen("local", heard.append)
    second.bus.listen("local", heard.append)
    message = object()
    first.bus.publish("local", message)
    await asyncio.sleep(0.02)
    assert heard == [message]


async def test_what_cannot_travel_is_refused_before_anybody_has_it(join: Join) -> None:
    first, _ = await pair(join, MemoryHub())
    with pytest.raises(MessageNotPlain):
        first.bus.publish("news", object())
    assert first.got == []


async def test_what_is_too_large_arrives_as_a_gap(join: Join, until: Until) -> None:
    first, second = await pair(join, MemoryHub(), message_limit=1_000)
    first.bus.publish("news", "x" * 1_001)
    await until(lambda: second.gaps)
    assert first.gaps == []
    first.bus.publish("news", "small")
    await until(lambda: second.got == ["small"])
    assert len(second.gaps) == 1


async def test_the_gap_topic_cannot_be_relayed() -> None:
    with pytest.raises(ValueError, match="cannot be relayed"):
        RelayBus({GAP_TOPIC}, [])


async def test_every_bus_is_a_bus() -> None:
    buses: list[Bus] = [LocalBus(), RelayBus({"news"}, [])]
    for bus in buses:
        with bus.subscribe("news") as news:
            bus.publish("news", 1)
            assert news.drain() == [1]


async def test_quiet_operation_has_no_gap(join: Join, until: Until) -> None:
    """Two hubs with different speeds, so that heartbeats on the one overtake messages on the other."""
    slow, quick = MemoryHub("slow"), MemoryHub("quick")
    slow.fate = lambda _: (0.01,)
    first, second = await pair(join, slow, quick)
    for n in range(20_000):
        first.bus.publish("news", n)
        second.bus.publish("news", n)
        if n % 50 == 0:
            await asyncio.sleep(0.002)
    await until(lambda: len(first.got) == len(second.got) == 40_000)
    await asyncio.sleep(0.5)
    assert first.gaps == second.gaps == []
    assert first.bus.stats()["duplicates"] == 0
    assert first.bus.stats()["dropped"] == 0


async def test_a_lost_message_is_noticed_within_a_heartbeat(join: Join, until: Until) -> None:
    hub = MemoryHub()
    first, second = await pair(join, hub, heartbeat_s=0.5)
    for _ in range(5):
        hub.fate = lambda data: () if messages_only(data) else (0.0,)
        sent = time.monotonic()
        first.bus.publish("news", "lost")
        await asyncio.sleep(random.random() * 0.02)
        hub.fate = lambda _: (0.0,)
        count = len(second.gaps)
        await until(lambda: len(second.gaps) > count)  # noqa: B023
        assert second.gap_times[-1] - sent < 0.5 + SLACK_S
        await asyncio.sleep(random.random() * 0.2)
    assert len(second.gaps) == 5


async def test_the_next_message_shows_a_loss_at_once(join: Join, until: Until) -> None:
    hub = MemoryHub()
    first, second = await pair(join, hub, heartbeat_s=5.0)
    hub.fate = lambda _: ()
    first.bus.publish("news", 1)
    await asyncio.sleep(0.01)
    hub.fate = lambda _: (0.0,)
    first.bus.publish("news", 2)
    await until(lambda: second.got, seconds=1)
    assert [kind for kind, _ in second.events] == ["gap", "got"], "the gap comes first"


async def test_another_transport_tells_of_a_loss_on_the_first(join: Join, until: Until) -> None:
    """The first loses everything between the two while both believe that it works."""
    first_way, second_way = MemoryHub("first"), MemoryHub("second")
    first, second = await pair(join, first_way, second_way, heartbeat_s=0.1)
    await asyncio.sleep(0.15)
    ours = first.bus.instance
    first_way.fate = lambda data: () if decode(data).instance == ours else (0.0,)
    sent = time.monotonic()
    first.bus.publish("news", "lost")
    await until(lambda: second.gaps)
    assert second.gap_times[0] - sent < 2 * 0.1 + SLACK_S


@pytest.mark.parametrize("seed", range(4))
async def test_on_a_terrible_network_every_loss_is_a_gap(join: Join, until: Until, seed: int) -> None:
    chance = random.Random(seed)
    hubs = MemoryHub("a"), MemoryHub("b")

    def fate(_: bytes) -> tuple[float, ...]:
        delay = chance.choice((0.0, 0.0, 0.0, 0.005, 0.02))
        return chance.choice(((), (delay,), (delay,), (delay,), (delay, 0.01)))

    for hub in hubs:
        hub.fate = fate
    first, second = await pair(join, *hubs)
    for n in range(1, 601):
        first.bus.publish("news", n)
        await asyncio.sleep(0.001 * chance.random())
    for hub in hubs:
        hub.fate = lambda _: (0.0,)
    await asyncio.sleep(0.3)
    upto, warned = 0, False
    for kind, what in [*second.events, ("got", 601)]:
        if kind == "gap":
            warned = True
        elif what > 0:
            assert what > upto, "in order and once"
            assert what == upto + 1 or warned, "a loss without a gap"
            upto, warned = what, False
    assert second.bus.stats()["duplicates"] > 0
    assert len(second.got) > 100
    first.bus.publish("news", -1)
    await until(lambda: second.got[-1] == -1)


async def test_silence_of_a_crashed_instance_is_a_gap_until_it_is_forgotten(join: Join, until: Until) -> None:
    hub = MemoryHub()
    first, second = await pair(join, hub, forget_s=0.3)
    await until(lambda: second.bus.stats()["instances"] == 1)
    for task in first.bus._tasks:
        task.cancel()
    died = time.monotonic()
    await until(lambda: second.gaps)
    assert 0.1 < second.gap_times[0] - died < 4 * 0.05 + SLACK_S
    await until(lambda: second.bus.stats()["instances"] == 0)
    count = len(second.gaps)
    await asyncio.sleep(0.3)
    assert len(second.gaps) == count


async def test_who_says_goodbye_is_not_missed(join: Join, until: Until) -> None:
    slow, quick = MemoryHub("slow"), MemoryHub("quick")
    slow.fate = lambda _: (0.02,)
    first, second = await pair(join, slow, quick)
    await until(lambda: second.bus.stats()["instances"] == 1)
    first.bus.publish("news", "last words")
    await first.bus.close()
    await until(lambda: second.bus.stats()["instances"] == 0)
    await asyncio.sleep(0.3)
    assert second.got == ["last words"]
    assert second.gaps == []


async def test_a_closed_bus_is_a_local_one(join: Join) -> None:
    first, second = await pair(join, MemoryHub())
    await first.bus.close()
    first.bus.publish("news", 1)
    await asyncio.sleep(0.05)
    assert (first.got, second.got) == ([1], [])
    assert first.bus.stats()["queue"] == 0


async def test_who_has_no_transport_says_so_again_and_again(join: Join) -> None:
    hub = MemoryHub()
    hub.up = False
    alone = await join([hub.transport()], forget_s=0.2)
    await asyncio.sleep(0.7)
    assert len(alone.gaps) >= 3
    assert set(alone.gaps) == {"no transport is connected"}


async def test_messages_wait_for_a_transport_and_the_rest_is_a_gap(join: Join, until: Until) -> None:
    hub = MemoryHub()
    first, second = await pair(join, hub, queue_limit=10)
    await until(lambda: second.bus.stats()["instances"] == 1)
    hub.kill()
    for n in range(25):
        first.bus.publish("news", n)
    await asyncio.sleep(0.02)
    assert first.bus.stats()["queue"] <= 10
    hub.up = True
    # Whoever connects later misses what the other sends at once, and knows.
    await until(lambda: first.bus.stats()["transports"] == second.bus.stats()["transports"] == 1)
    first.bus.publish("news", "end")
    await until(lambda: "end" in second.got)
    assert first.bus.stats()["dropped"] > 0
    assert second.gaps
    assert second.bus.stats()["reconnects"] == 1


async def test_a_dead_transport_costs_nothing_while_another_works(join: Join, until: Until) -> None:
    main, spare = MemoryHub("main"), MemoryHub("spare")
    first, second = await pair(join, main, spare)
    for n in range(300):
        first.bus.publish("news", n)
        await asyncio.sleep(0.001)
        if n == 100:
            main.kill()
        if n == 200:
            main.up = True
    await until(lambda: len(second.got) == 300)
    assert second.got == list(range(300))
    await until(lambda: "main is connected again" in second.gaps and "main is connected again" in first.gaps)
    await until(lambda: first.bus._links[0].trusted)
    carried: list[bytes] = []
    main.fate = lambda data: carried.append(data) or (0.0,)  # type: ignore[func-returns-value]
    first.bus.publish("news", "back")
    await until(lambda: second.got[-1] == "back")
    assert any(map(messages_only, carried)), "the first in the list is used again"
    assert second.gaps == ["main is connected again"]


async def test_a_transport_that_comes_back_is_used_when_all_are_back(join: Join, until: Until) -> None:
    main, spare = MemoryHub("main"), MemoryHub("spare")
    first, second = await pair(join, main, spare, backoff_s=(0.01, 0.5))
    main.kill()
    await asyncio.sleep(0.5)  # so that the waits between attempts are long
    main.up = True
    for n in range(1, 1_001):
        first.bus.publish("news", n)
        second.bus.publish("news", -n)
        await asyncio.sleep(0.001)
    await until(lambda: len(first.got) == len(second.got) == 2_000)
    assert [n for n in second.got if n > 0] == list(range(1, 1_001))
    assert [n for n in first.got if n < 0] == list(range(-1, -1_001, -1))
    assert first.gaps == second.gaps == ["main is connected again"]
    assert first.bus._links[0].carried > 0


async def test_a_frozen_transport_is_left_after_its_time(join: Join, until: Until) -> None:
    main, spare = MemoryHub("main"), MemoryHub("spare")
    first, second = await pair(join, main, spare, timeout_s=0.1)
    main.flowing.clear()
    begun = time.monotonic()
    first.bus.publish("news", 1)
    await until(lambda: second.got == [1])
    assert time.monotonic() - begun < 0.1 + SLACK_S
    await until(lambda: second.bus.stats()["transports"] == 1)
    main.flowing.set()
    await until(lambda: "main is connected again" in second.gaps)
    first.bus.publish("news", 2)
    await until(lambda: second.got == [1, 2])


async def test_a_connection_that_only_seems_alive_is_made_anew(join: Join, until: Until) -> None:
    hub = MemoryHub()
    first, second = await pair(join, hub)
    hub.listeners.clear()  # nobody hears anything, and nobody is told
    for listener in (first, second):
        listener.bus._links[0]._transport.publish = _accept  # type: ignore[method-assign]
    await until(lambda: first.bus.stats()["reconnects"] and second.bus.stats()["reconnects"])
    assert "memory is connected again" in second.gaps


async def _accept(data: bytes) -> None: ...


async def test_garbage_is_counted_and_harms_nobody(join: Join, until: Until) -> None:
    hub = MemoryHub()
    first, second = await pair(join, hub)
    hub.spread(b"what is this")
    first.bus.publish("news", 1)
    await until(lambda: second.got == [1])
    assert second.bus.stats()["unreadable"] == 1
    assert second.gaps == []


async def test_a_late_comer_checks_once_for_each_who_has_sent_before(join: Join, until: Until) -> None:
    hub = MemoryHub()
    first, second = await pair(join, hub)
    first.bus.publish("news", 1)
    third = await join([hub.transport()])
    await until(lambda: third.bus.stats()["instances"] == 2)
    await asyncio.sleep(0.2)
    assert len(third.gaps) == 1
    assert first.gaps == second.gaps == []


async def test_a_failing_listener_harms_nobody(join: Join, until: Until) -> None:
    first, second = await pair(join, MemoryHub())

    def broken(_: object) -> None:
        raise RuntimeError

    second.bus.listen("news", broken)
    second.bus.listen(GAP_TOPIC, broken)
    first.bus.publish("news", 1)
    first.bus.publish("news", 2)
    await until(lambda: second.got == [1, 2])


async def test_heartbeats_and_goodbyes_name_the_last_number(join: Join, until: Until) -> None:
    hub = MemoryHub()
    heard: list[object] = []
    hub.fate = lambda data: heard.append(decode(data)) or (0.0,)  # type: ignore[func-returns-value]
    alone = await join([hub.transport()], instance="me")
    alone.bus.publish("news", 1)
    await until(lambda: Beat("me", 1) in heard)
    await alone.bus.close()
    assert heard[-1] == Bye("me", 1)
