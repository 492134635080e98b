"""The calls about what runs log: the last lines, and a stream of them as server-sent events."""

from uuid import UUID

import structlog
from aiohttp import web

from service.api import sse
from service.api.answers import Answer, answer
from service.api.inputs import execution_id_of, job_id_of, last_event_id_of
from service.api.log_streams import Event, Listener, LogStreams
from service.api.models import LogEntryJson, log_entry_json
from service.api.sse import HEARTBEAT, EventStream, preface
from service.database.run_logs import RunLogStore
from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.run_log import LogEntry

log = structlog.get_logger(__name__)

LINES_AT_ONCE = 500


class LogEndpoints:
    """Handlers of the calls about logs."""

    def __init__(self, *, logs: RunLogStore, streams: LogStreams, clock: Clock) -> None:
        self._logs, self._streams, self._clock = logs, streams, clock

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
            stream = EventStream(request, self._clock)
            reader = Reader(stream, job_id, execution_id, after)
            try:
                await stream.open()
                await stream.write([preface(), *(as_event(each).text for each in entries)])
                await reader.follow(self._logs, self._streams)
            except (ConnectionError, TimeoutError):
                stream.cut_off()
            except DatabaseUnavailable as fault:
                log.debug("log_stream_ended", error=str(fault))
            return stream.response


class Reader:
    """Who reads one stream, and has the lines up to `after`."""

    def __init__(self, stream: EventStream, job_id: str, execution_id: UUID | None, after: int) -> None:
        self._stream = stream
        self._job_id, self._execution_id, self._after = job_id, execution_id, after
        self._listener = Listener(execution_id, stream.end)

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
            while not (self._listener.is_over or self._stream.is_old):
                await self._write_next(logs)

    async def _write_next(self, logs: RunLogStore) -> None:
        events = await self._listener.next(sse.HEARTBEAT_SECONDS)
        if self._listener.is_behind:
            # From here on new lines wait again, and what was dropped can be read.
            self._listener.is_behind = False
            await self._catch_up(logs)
        elif new := [event for event in events if event.log_id > self._after]:
            await self._stream.write([event.text for event in new])
            self._after = new[-1].log_id
        elif not events and not self._listener.is_over:
            await self._stream.write([HEARTBEAT])

    async def _catch_up(self, logs: RunLogStore) -> None:
        """Write what there is already, at the client's pace."""
        is_more = True
        while is_more and not self._listener.is_over:
            entries = await logs.next(self._job_id, self._after, LINES_AT_ONCE, self._execution_id)
            await self._stream.write([as_event(entry).text for entry in entries])
            if entries:
                self._after = entries[-1].log_id
            is_more = len(entries) == LINES_AT_ONCE


def as_event(entry: LogEntry) -> Event:
    """Write a line as a server-sent event; its id is the line's."""
    text = sse.event("log", str(entry.log_id), log_entry_json(entry))
    return Event(entry.log_id, entry.execution_id, text)
