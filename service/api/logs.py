"""The calls about what runs log: the last lines, and a stream of them as server-sent events."""

import asyncio
from uuid import UUID

import msgspec
import structlog
from aiohttp import web

from service.api.answers import Answer, answer
from service.api.inputs import execution_id_of, job_id_of, last_event_id_of
from service.api.log_streams import Event, Listener, LogStreams
from service.api.models import LogEntryJson, log_entry_json
from service.database.run_logs import RunLogStore
from service.domain.errors import DatabaseUnavailable
from service.domain.run_log import LogEntry

log = structlog.get_logger(__name__)

LINES_AT_ONCE = 500
HEARTBEAT_SECONDS = 15.0
# A client that takes nothing for so long is cut off; it comes back with Last-Event-ID.
WRITE_SECONDS = 5.0
RETRY_MS = 1_000
MOST_BYTES_A_WRITE = 65_536
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Accel-Buffering": "no",  # nginx would wait for more
}


class LogEndpoints:
    """Handlers of the calls about logs."""

    def __init__(self, *, logs: RunLogStore, streams: LogStreams) -> None:
        self._logs, self._streams = logs, streams

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [
            web.get("/v1/console/jobs/{jobId}/logs/recent", self.recent),
            web.get("/v1/console/jobs/{jobId}/logs/stream", self.stream, allow_head=False),
        ]

    async def recent(self, request: web.Request) -> Answer[list[LogEntryJson]]:
        """Answer the last 500 lines of a job, or of one execution, oldest first."""
        job_id, execution_id = job_id_of(request), execution_id_of(request)
        await self._logs.position(job_id)
        entries = await self._logs.last(job_id, LINES_AT_ONCE, execution_id)
        return answer([log_entry_json(entry) for entry in entries])

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Stream the last 500 lines, or those after Last-Event-ID, and then every new one."""
        job_id, execution_id = job_id_of(request), execution_id_of(request)
        last_event_id = last_event_id_of(request)
        with self._streams.place() as has_place:
            if not has_place:
                raise web.HTTPServiceUnavailable(text="no further stream can be opened on this replica now")
            position = await self._logs.position(job_id)
            if last_event_id is None:
                entries = await self._logs.last(job_id, LINES_AT_ONCE, execution_id)
                after = entries[-1].log_id if entries else 0
            else:
                entries, after = [], min(last_event_id, position)
            response = web.StreamResponse(headers=HEADERS)
            await response.prepare(request)
            stream = Stream(request, response, job_id, execution_id, after)
            try:
                await stream.write([b"retry: %d\n\n" % RETRY_MS, *(as_event(each).text for each in entries)])
                await stream.follow(self._logs, self._streams)
            except (ConnectionError, TimeoutError):
                stream.cut_off()
            except DatabaseUnavailable as fault:
                log.debug("log_stream_ended", error=str(fault))
            return response


class Stream:
    """One client's stream, which has the lines up to `after`."""

    def __init__(
        self,
        request: web.Request,
        response: web.StreamResponse,
        job_id: str,
        execution_id: UUID | None,
        after: int,
    ) -> None:
        self._request, self._response = request, response
        self._job_id, self._execution_id, self._after = job_id, execution_id, after
        self._listener = Listener(execution_id, self.cut_off)

    async def follow(self, logs: RunLogStore, streams: LogStreams) -> None:
        """Write every line from now on, until somebody ends it.

        Raises:
            ConnectionError, TimeoutError: the client went away, or takes nothing.
            DatabaseUnavailable: the lines up to now cannot be read.
        """
        await self._catch_up(logs)
        with streams.listening(self._job_id, self._listener):
            streams.follow(self._job_id, await logs.position(self._job_id))
            await self._catch_up(logs)
            while not self._listener.is_over:
                await self._write_next(logs)

    async def _write_next(self, logs: RunLogStore) -> None:
        events = await self._listener.next(HEARTBEAT_SECONDS)
        if self._listener.is_behind:
            # From here on new lines wait again, and what was dropped can be read.
            self._listener.is_behind = False
            await self._catch_up(logs)
        elif new := [event for event in events if event.log_id > self._after]:
            await self.write([event.text for event in new])
            self._after = new[-1].log_id
        elif not events and not self._listener.is_over:
            await self.write([b": heartbeat\n\n"])

    async def _catch_up(self, logs: RunLogStore) -> None:
        """Write what there is already, at the client's pace."""
        is_more = True
        while is_more and not self._listener.is_over:
            entries = await logs.next(self._job_id, self._after, LINES_AT_ONCE, self._execution_id)
            await self.write([as_event(entry).text for entry in entries])
            if entries:
                self._after = entries[-1].log_id
            is_more = len(entries) == LINES_AT_ONCE

    async def write(self, events: list[bytes]) -> None:
        """Write whole events, some together.

        Raises:
            ConnectionError, TimeoutError: the client went away, or takes nothing.
        """
        text = b""
        for number, event in enumerate(events, 1):
            text += event
            if number == len(events) or len(text) >= MOST_BYTES_A_WRITE:
                self._listener.is_writing = True
                try:
                    async with asyncio.timeout(WRITE_SECONDS):
                        await self._response.write(text)
                finally:
                    self._listener.is_writing = False
                text = b""

    def cut_off(self) -> None:
        """End the connection, whatever is still to be sent."""
        if self._request.transport is not None:
            self._request.transport.abort()


def as_event(entry: LogEntry) -> Event:
    """Write a line as a server-sent event.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    data = msgspec.json.encode(log_entry_json(entry))
    return Event(entry.log_id, entry.execution_id, b"event: log\nid: %d\ndata: %b\n\n" % (entry.log_id, data))
