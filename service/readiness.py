"""Whether this replica can do its work, from facts that its parts keep up to date."""

from uuid import UUID

from service.api.models import Readiness
from service.database.listener import Listener
from service.domain.diagnosis import Finding
from service.execution.heartbeat import Heartbeat


class Health:
    """What `/health/ready` answers from: facts that the parts keep up to date."""

    def __init__(self, replica_id: UUID) -> None:
        self._replica_id = replica_id
        self.listener: Listener | None = None
        self.heartbeat: Heartbeat | None = None
        self.findings: list[Finding] = []
        self.is_draining = False

    def take_findings(self, findings: list[Finding]) -> None:
        """Keep what is wrong, for the answer's details."""
        self.findings = findings

    def readiness(self) -> Readiness:
        """Say whether this replica can fire and run jobs; asks nobody."""
        is_held = self.heartbeat is not None and self.heartbeat.is_held
        is_hearing = self.listener is not None and self.listener.is_hearing
        is_polling = self.listener is not None and self.listener.polling is not None
        return Readiness(
            replica_id=self._replica_id,
            database=is_held or is_hearing,
            listener=is_hearing or is_polling,  # late by seconds, but it comes to know; `details` say so
            lease=is_held,
            draining=self.is_draining,
            details={finding.code: finding.text for finding in self.findings},
        )
