"""What a cron expression means: reading one, and when it fires. The only package that imports croniter."""

from service.domain.cron.description import schedule_description
from service.domain.cron.grammar import LONGEST_EXPRESSION
from service.domain.cron.preview import PlanDifference, SchedulePreview, plan_difference, preview_schedule
from service.domain.cron.schedule import Schedule, parse_schedule, require_fires
from service.domain.cron.zones import find_zone, tzdata_version, use_packaged_zones, zone_clock, zone_names

__all__ = [
    "LONGEST_EXPRESSION",
    "PlanDifference",
    "Schedule",
    "SchedulePreview",
    "find_zone",
    "parse_schedule",
    "plan_difference",
    "preview_schedule",
    "require_fires",
    "schedule_description",
    "tzdata_version",
    "use_packaged_zones",
    "zone_clock",
    "zone_names",
]
