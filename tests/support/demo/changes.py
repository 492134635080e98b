"""The demo's jobs as rows, and who changed them when: over the API, and in psql."""

from datetime import timedelta
from typing import Any

from tests.support.demo.history import PAUSE_REASON, PAUSED, PAUSED_FOR, Past
from tests.support.demo.jobs import JOBS

HOUR = timedelta(hours=1)
API, PSQL = "cronsole 3f9a1c52 api", "psql"
ACT = "select set_config('cronsole.actor', $1, false), set_config('application_name', $2, false)"

# How long ago, who, over what, which job, and what was set.
CHANGES: list[tuple[timedelta, str, str, str, dict[str, Any]]] = [
    (150 * HOUR, "ada", API, "RISK_EOD", {"timeout_seconds": 5_400}),
    (122 * HOUR, "dba_jonas", PSQL, "PRICES_INTRADAY", {"schedule_cron": "0 */2 * * * MON-FRI"}),
    (121 * HOUR, "maria", API, "PRICES_INTRADAY", {"schedule_cron": "0 */5 * * * MON-FRI"}),
    (75 * HOUR, "ada", API, "VACUUM_HISTORY", {"enabled": False}),
    (
        50 * HOUR,
        "deploy:ci",
        API,
        "LEGACY_EXPORT",
        {"description": "Until the old ledger is off"},
    ),
    (26 * HOUR, "maria", API, "CLEARING_POSITIONS", {"retry_backoff_seconds": 300, "max_attempts": 3}),
    (7 * HOUR, "oscar", API, "REPORT_DESK_FX", {"schedule_cron": "0 30 16 * * MON-FRI"}),
    (4 * HOUR, "dba_jonas", PSQL, "LIMITS_CHECK", {"overlap_policy": "QUEUE"}),
]
FIRST: dict[str, dict[str, Any]] = {
    "RISK_EOD": {"timeout_seconds": 3_600},
    "CLEARING_POSITIONS": {"retry_backoff_seconds": 30, "max_attempts": 1},
    "REPORT_DESK_FX": {"schedule_cron": "0 0 17 * * MON-FRI"},
    "LIMITS_CHECK": {"overlap_policy": "SKIP"},
}
# The fifteenth is no month's first Monday: psql may store that, and the service says what is wrong with it.
NEVER = ("QUARTER_CLOSE", "Quarter close", "Meant for the first Monday after the 15th", "0 0 12 15 * MON#1")
INSERT_NEVER = """
    insert into jobs (job_id, display_name, description, job_group, schedule_type, schedule_cron, handler)
    values ($1, $2, $3, 'REPORTS', 'CRON', $4, 'reports.render')
"""
DATE_CHANGES = """
    update job_changes set changed_at = $2, session_role = case application_name when 'psql' then changed_by
                                                            else 'cronsole_service' end
     where change_id > $1
"""
DATE_JOBS = """
    update jobs j set created_at = $1, updated_at = c.last, planned_from = coalesce(c.moved, $1)
      from (select job_id, max(changed_at) as last, max(changed_at) filter (where moves_plan) as moved
              from job_changes group by job_id) c
     where c.job_id = j.job_id
"""


async def insert_jobs(connection: Any, past: Past, zone: str) -> None:
    """Insert the jobs and change them, each in somebody's name, and date it all back."""
    created = past.now - timedelta(days=11, hours=3)
    await act(connection, "ada", API)
    for job in JOBS:
        columns = {
            "job_id": job.job_id,
            "display_name": job.name,
            "description": job.about,
            "job_group": job.group,
            "schedule_type": "CRON" if job.cron else "MANUAL",
            "schedule_cron": job.cron,
            "time_zone": zone if job.job_id == "TREASURY_CUTOFF" else job.zone,
            "handler": job.handler,
            **job.columns,
            **FIRST.get(job.job_id, {}),
        }
        names, places = ", ".join(columns), ", ".join(f"${i}" for i in range(1, len(columns) + 1))
        await connection.execute(f"insert into jobs ({names}) values ({places})", *columns.values())
    await connection.execute(INSERT_NEVER, *NEVER)
    await connection.execute(DATE_CHANGES, 0, created)
    pause = {"paused_until": past.now + 20 * HOUR, "pause_reason": PAUSE_REASON}
    for ago, actor, application, job_id, columns in [*CHANGES, (PAUSED_FOR, "oscar", API, PAUSED, pause)]:
        await act(connection, actor, application)
        last = await connection.fetchval("select max(change_id) from job_changes")
        values = ", ".join(f"{name} = ${i}" for i, name in enumerate(columns, 2))
        await connection.execute(f"update jobs set {values} where job_id = $1", job_id, *columns.values())
        await connection.execute(DATE_CHANGES, last, past.now - ago)
    await act(connection, "", "test")
    async with connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(DATE_JOBS, created)


async def act(connection: Any, actor: str, application: str) -> None:
    """Be somebody from now on, with some program."""
    await connection.execute(ACT, actor, application)
