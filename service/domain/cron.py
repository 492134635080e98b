"""What a cron expression means: the only module that imports croniter."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from croniter import croniter

from service.domain.errors import InvalidInput, InvalidSchedule
from service.domain.job import ClockChangePolicy

LONGEST_EXPRESSION = 512
REMEDY = "six fields: second minute hour day-of-month month day-of-week, such as '0 */5 * * * MON-FRI'"


class Schedule:
    """One cron expression in one zone; immutable, and safe to share.

    Six fields, seconds first (five mean second 0); both day fields must match when both are restricted.
    """

    def __init__(self, expression: str, zone: ZoneInfo) -> None:
        self.expression, self._zone = expression, zone

    def next_fire_time(self, after: datetime) -> datetime | None:
        """Return the first fire time strictly later than `after` (aware), in UTC; None if there is none."""
        try:
            fires = croniter(
                self.expression, after.astimezone(self._zone), second_at_beginning=True, day_or=False
            )
            following: datetime = fires.get_next(datetime)
        except Exception:
            return None
        return following.astimezone(UTC)

    def fire_times(self, after: datetime, count: int) -> list[datetime]:
        """Return the next `count` fire times strictly later than `after`; fewer if there are no more."""
        found: list[datetime] = []
        while len(found) < count and (following := self.next_fire_time(after)) is not None:
            found.append(following)
            after = following
        return found


@lru_cache(maxsize=65_536)
def parse_schedule(
    expression: str, time_zone: str, clock_change_policy: ClockChangePolicy = ClockChangePolicy.ONCE
) -> Schedule:
    """Read an expression once; the answer is shared by all who ask for the same.

    Raises:
        InvalidSchedule: the expression is not five or six valid fields.
        InvalidInput: the zone is unknown.
    """
    text = expression.strip()
    if len(text) > LONGEST_EXPRESSION or not text.isascii():
        raise InvalidSchedule(
            "schedule_cron", f"a cron expression is ASCII of at most {LONGEST_EXPRESSION} characters", REMEDY
        )
    if len(text.split()) == 5:
        text = f"0 {text}"
    if len(text.split()) != 6:
        raise InvalidSchedule("schedule_cron", "a cron expression has six fields", REMEDY)
    try:
        croniter(text, second_at_beginning=True, day_or=False)
    except Exception as fault:
        raise InvalidSchedule("schedule_cron", "the cron expression cannot be read", REMEDY) from fault
    try:
        zone = ZoneInfo(time_zone)
    except Exception as fault:
        raise InvalidInput(
            "time_zone", f"unknown time zone {time_zone[:64]!r}", "an IANA name such as 'America/New_York'"
        ) from fault
    return Schedule(text, zone)
