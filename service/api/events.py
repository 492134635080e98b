"""The stream of events: what happens in the fleet; ids only, the rest is read over HTTP."""

import structlog
from aiohttp import web

from service.api import sse
from service.api.event_feed import EventFeed
from service.api.sse import HEARTBEAT, EventStream, preface
from service.domain.clock import Clock

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = 2


class EventEndpoints:
    """The handler of the stream."""

    def __init__(self, *, feed: EventFeed, clock: Clock) -> None:
        self._feed, self._clock = feed, clock

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the stream."""
        return [web.get("/v1/console/events", self.stream, allow_head=False)]

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Stream every event from now on, or from behind Last-Event-ID.

        `job` (jobId), `execution` (executionId, jobId, status; of many only the jobId), `replica` (replicaId,
        state), `log` (jobId), `acknowledged` (jobId, revision, replicaId), and `reset`: events have been
        left out, read everything again.
        """
        stream = EventStream(request, self._clock)
        with self._feed.subscribing(request.headers.get("Last-Event-ID"), stream.end) as subscriber:
            if subscriber is None:
                raise web.HTTPServiceUnavailable(
                    text="no further stream can be opened on this replica now",
                    headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
                )
            try:
                await stream.open()
                await stream.write([preface(subscriber.event_id)])
                while not (subscriber.is_over or stream.is_old):
                    events = await subscriber.next(sse.HEARTBEAT_SECONDS)
                    if not subscriber.is_over:
                        await stream.write(events or [HEARTBEAT])
            except (ConnectionError, TimeoutError) as fault:
                log.debug("event_stream_cut", error=type(fault).__name__)
                stream.cut_off()
            return stream.response
