"""The in-process bus: bounded subscribers, independent listeners."""

import asyncio

from skynetbot.bus.local import LocalBus


async def test_a_subscriber_reads_in_order() -> None:
    bus = LocalBus()
    with bus.subscribe("t") as news:
        bus.publish("t", 1)
        bus.publish("other", 9)
        bus.publish("t", 2)
        assert [await news.get(), await news.get()] == [1, 2]


async def test_a_slow_subscriber_loses_the_oldest_and_knows_it() -> None:
    bus = LocalBus()
    with bus.subscribe("t", backlog=2) as news:
        for n in range(5):
            bus.publish("t", n)
        assert news.drain() == [3, 4]
        assert news.dropped == 3


async def test_get_waits_for_the_next_message() -> None:
    bus = LocalBus()
    with bus.subscribe("t") as news:
        waiting = asyncio.ensure_future(news.get())
        await asyncio.sleep(0)
        assert not waiting.done()
        bus.publish("t", "now")
        assert await waiting == "now"


async def test_a_failing_listener_stops_nobody_else() -> None:
    bus = LocalBus()
    heard: list[int] = []

    def broken(_: int) -> None:
        raise RuntimeError

    bus.listen("t", broken)
    stop = bus.listen("t", heard.append)
    bus.publish("t", 1)
    stop()
    bus.publish("t", 2)
    assert heard == [1]


async def test_nothing_remains_after_the_context() -> None:
    bus = LocalBus()
    with bus.subscribe("t"):
        assert bus.has_subscribers("t")
    assert not bus.has_subscribers("t")
    assert bus.stats()["subscribers"] == 0
