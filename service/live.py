"""What is live: the hub that passes on what the listener hears, and all that waits for it over HTTP."""

from typing import Self

import msgspec

from service.api.acknowledgements import Acknowledgements
from service.api.event_feed import EventFeed
from service.api.log_streams import LogStreams
from service.api.logs import as_event
from service.database.live_replicas import LiveReplicas
from service.database.pool import Database
from service.database.run_logs import RunLogStore
from service.domain.clock import Clock
from service.domain.hint import Logged
from service.domain.hub import Hub


class Live(msgspec.Struct, frozen=True):
    """These parts of one replica."""

    hub: Hub
    events: EventFeed
    log_streams: LogStreams
    acknowledgements: Acknowledgements

    @classmethod
    def over(cls, database: Database, clock: Clock) -> Self:
        """Put them together; nothing is heard yet."""
        hub = Hub()
        log_streams = LogStreams(clock, RunLogStore(database), as_event)
        hub.on(Logged, lambda hint: log_streams.hear(hint.job_ids))
        acknowledgements = Acknowledgements(clock, hub, LiveReplicas(database).ids)
        return cls(hub, EventFeed(clock, hub), log_streams, acknowledgements)

    def stop(self) -> None:
        """End all streams, and open no more: this replica leaves."""
        self.events.stop()
        self.log_streams.stop()
