"""The feed of events: a short memory, and clients that are only a number in it."""

import asyncio

import pytest

from service.api import event_feed
from service.api.event_feed import EventFeed, Subscriber
from service.domain.hub import Hub
from tests.support.clock import FakeClock, settle
from tests.support.jobs import MONDAY_9AM


@pytest.fixture
def feed() -> EventFeed:
    return EventFeed(FakeClock(MONDAY_9AM), Hub())


def publish(feed: EventFeed, count: int) -> None:
    for _ in range(count):
        feed.publish("job", {"jobId": "A"})


async def number_of_next(subscriber: Subscriber) -> list[int]:
    """The numbers of the next events; a reset's is negative."""
    numbers = []
    for text in await subscriber.next(1):
        fields = dict(line.split(b": ", 1) for line in text.splitlines() if line)
        number = int(fields[b"id"].partition(b"-")[2])
        numbers.append(-number if fields[b"event"] == b"reset" else number)
    return numbers


async def test_a_client_gets_each_event_once_and_a_hundred_at_a_time(feed):
    """So that one that stands still holds no more."""
    with feed.subscribing(None, lambda: None) as subscriber:
        publish(feed, 250)
        assert await number_of_next(subscriber) == list(range(1, 101))
        assert await number_of_next(subscriber) == list(range(101, 201))
        publish(feed, 1)
        assert await number_of_next(subscriber) == list(range(201, 252))


async def test_the_memory_is_bounded_and_who_is_further_behind_is_reset(feed):
    """To the present, not to the beginning of what is remembered."""
    with feed.subscribing(None, lambda: None) as subscriber:
        publish(feed, event_feed.MOST_EVENTS + 1)
        assert feed.remembered == event_feed.MOST_EVENTS
        assert await number_of_next(subscriber) == [-event_feed.MOST_EVENTS - 1]
        publish(feed, 1)
        assert await number_of_next(subscriber) == [event_feed.MOST_EVENTS + 2]


async def test_nobody_is_reset_all_the_time(feed, monkeypatch):
    """Reading everything again costs: a second reset comes a moment later, and covers what came meanwhile."""
    with feed.subscribing(None, lambda: None) as subscriber:
        feed.forget()
        assert await number_of_next(subscriber) == [-1]
        feed.forget()
        waiting = asyncio.create_task(number_of_next(subscriber))
        await settle()
        publish(feed, 5)
        monkeypatch.setattr(event_feed, "RESET_SECONDS", 0)
        assert not waiting.done()
        subscriber.end()
        assert await waiting == []


async def test_clients_are_woken_some_at_a_time_and_not_more_often_than_every_twenty_milliseconds(feed):
    """The first event goes out at once, the others gather."""
    clock = feed._clock
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(feed.run())
        with feed.subscribing(None, lambda: None) as subscriber:
            waiting = tasks.create_task(number_of_next(subscriber))
            await settle()
            publish(feed, 1)
            await settle()
            assert waiting.result() == [1]
            waiting = tasks.create_task(number_of_next(subscriber))
            await settle()
            publish(feed, 2)
            await clock.advance(milliseconds=19)
            assert not waiting.done()
            await clock.advance(milliseconds=1)
            assert waiting.result() == [2, 3]
        loop.cancel()


async def test_all_streams_end_when_the_replica_leaves(feed):
    """And no other is opened."""
    ended = []
    with feed.subscribing(None, lambda: ended.append(1)) as subscriber:
        waiting = asyncio.create_task(number_of_next(subscriber))
        await settle()
        feed.stop()
        assert await waiting == []
        assert (subscriber.is_over, ended) == (True, [1])
    with feed.subscribing(None, lambda: None) as refused:
        assert refused is None
