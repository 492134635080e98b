"""How the system that we replace finds a fire: field by field on a zoned time, numbers and names only.

A model of Spring's CronExpression, for comparison alone. At clock changes it drops skipped times and doubles
repeated ones: of the oracle's 2,399 records with numbers and names only it gives what Spring gives in 2,391.
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta, tzinfo

from service.domain.cron.grammar import Expression

MOST_ATTEMPTS = 366
UNITS = ("weekday", "month", "day", "hour", "minute", "second")
LOWER = {
    "weekday": ("hour", "minute", "second"),
    "month": ("day", "hour", "minute", "second"),
    "day": ("hour", "minute", "second"),
    "hour": ("minute", "second"),
    "minute": ("second",),
    "second": (),
}
HIGHER = {
    "weekday": ("day", 7),
    "month": ("month", 12),
    "day": ("month", 1),
    "hour": ("day", 1),
    "minute": ("hour", 1),
    "second": ("minute", 1),
}
FIRST = {"month": 1, "day": 1, "weekday": 1, "hour": 0, "minute": 0, "second": 0}


class ReplacedSchedule:
    """The fires of an expression, as the replaced system would find them."""

    def __init__(self, expression: Expression, zone: tzinfo) -> None:
        rule = expression.day_rule
        weekdays = rule.weekdays >> 1 << 1 | (rule.weekdays & 1) << 7
        masks = (weekdays, rule.months, rule.days, expression.hours, expression.minutes, expression.seconds)
        self._fields = list(zip(UNITS, masks, strict=True))
        self._zone = zone

    def next_fire_time(self, after: datetime) -> datetime | None:
        """Return the first fire later than `after`, in UTC."""
        moment: datetime | None = after.astimezone(self._zone).replace(microsecond=0)
        assert moment is not None
        moment = self._plus(moment, timedelta(seconds=1))
        for _ in range(MOST_ATTEMPTS):
            before = moment
            for unit, mask in self._fields:
                moment = self._next_or_same(moment, unit, mask)
                if moment is None:
                    return None
            if moment == before:
                return moment.astimezone(UTC)
        return None

    def _next_or_same(self, moment: datetime, unit: str, mask: int) -> datetime | None:
        current = _get(moment, unit)
        moment, goal = self._goal(moment, unit, mask, current)
        if goal == current:
            return moment
        attempts, current = 0, _get(moment, unit)
        while current != goal and attempts < MOST_ATTEMPTS:
            attempts += 1
            moment = self._elapse_until(moment, unit, goal)
            current = _get(moment, unit)
            moment, goal = self._goal(moment, unit, mask, current)
        if attempts == MOST_ATTEMPTS:
            return None
        for lower in LOWER[unit]:
            moment = self._with(moment, **{lower: FIRST[lower]})
        return moment

    def _goal(self, moment: datetime, unit: str, mask: int, current: int) -> tuple[datetime, int]:
        """Return the next value of a field from `current` on; if there is none, the first, a round later."""
        goal = _next_bit(mask, current)
        if goal >= 0:
            return moment, goal
        moment = self._forward(moment, *HIGHER[unit])
        return self._minimum(moment, unit), _next_bit(mask, 0)

    def _elapse_until(self, moment: datetime, unit: str, goal: int) -> datetime:
        current, last = _get(moment, unit), _last(moment, unit)
        if current < goal <= last and unit != "weekday":
            return self._with(moment, **{unit: goal})
        distance = goal - current if current < goal <= last else last - current + 1
        return self._forward(moment, unit, distance)

    def _minimum(self, moment: datetime, unit: str) -> datetime:
        if unit == "weekday":
            return self._forward(moment, "day", 1 - moment.isoweekday())
        return self._with(moment, **{unit: FIRST[unit]})

    def _forward(self, moment: datetime, unit: str, amount: int) -> datetime:
        if unit in ("hour", "minute", "second"):
            return self._plus(moment, timedelta(**{f"{unit}s": amount}))
        if unit in ("day", "weekday"):
            return self._resolve(moment.replace(tzinfo=None) + timedelta(days=amount), moment)
        year, month = divmod(moment.year * 12 + moment.month - 1 + amount, 12)
        day = min(moment.day, monthrange(year, month + 1)[1])
        return self._resolve(moment.replace(tzinfo=None, year=year, month=month + 1, day=day), moment)

    def _plus(self, moment: datetime, span: timedelta) -> datetime:
        return (moment.astimezone(UTC) + span).astimezone(self._zone)

    def _with(self, moment: datetime, **values: int) -> datetime:
        if "month" in values:
            values["day"] = min(moment.day, monthrange(moment.year, values["month"])[1])
        return self._resolve(moment.replace(tzinfo=None, **values), moment)

    def _resolve(self, local: datetime, earlier: datetime) -> datetime:
        """Give a local time its offset: the one that was if it may, shifted past a skip if it must."""
        first, second = (local.replace(tzinfo=self._zone, fold=fold) for fold in (0, 1))
        is_repeated = first.astimezone(UTC) < second.astimezone(UTC)
        kept = second if is_repeated and second.utcoffset() == earlier.utcoffset() else first
        return kept.astimezone(UTC).astimezone(self._zone)


def _get(moment: datetime, unit: str) -> int:
    return moment.isoweekday() if unit == "weekday" else int(getattr(moment, unit))


def _last(moment: datetime, unit: str) -> int:
    if unit == "day":
        return monthrange(moment.year, moment.month)[1]
    return {"weekday": 7, "month": 12, "hour": 23, "minute": 59, "second": 59}[unit]


def _next_bit(mask: int, start: int) -> int:
    left = mask >> start
    return start + (left & -left).bit_length() - 1 if left else -1
