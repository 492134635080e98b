"""Jobs whose names, parameters, errors and logs are as bad as the database takes them."""

import json
import random
from datetime import datetime, timedelta
from typing import Any

from tests.support.demo.rows import SECOND, Execution, LogLine, copy_rows, id_of

MARKUP = "<img src=x onerror=alert(1)><b>bold</b> & \"quoted\" 'twice' ${7*7} {{7*7}}"
HEBREW, ARABIC, STACKED = (
    "\u05d0\u05d1\u05d2",
    "\u0627\u0644\u062a\u0642\u0631\u064a\u0631",
    "e" + "\u0301" * 8,
)
RIGHT_TO_LEFT = f"\u202etxt.exe\u202c {HEBREW} {ARABIC} \u2067isolated\u2069 {STACKED}"
LONG_ID = "HOSTILE_WITHOUT_ANY_BREAK_" + "X" * 24
LONG_NAME = "W" * 100
BIG = 64 * 1024
JOBS = {
    "HOSTILE_MARKUP": (MARKUP, "<script>alert(1)</script>\n</td></tr></table>", "<i>group</i>"),
    "HOSTILE_RIGHT_TO_LEFT": (RIGHT_TO_LEFT, RIGHT_TO_LEFT * 20, RIGHT_TO_LEFT[:40]),
    LONG_ID: (LONG_NAME, "W" * 4_000, "G" * 50),
}
INSERT_JOB = """
    insert into jobs (job_id, display_name, description, job_group, schedule_type, handler, params)
    values ($1, $2, $3, $4, 'MANUAL', 'noop', $5)
"""


async def insert_hostile(connection: Any) -> None:
    """Insert three jobs, and a failed execution of each with an error text of 64 KB and log lines."""
    now: datetime = await connection.fetchval("select clock_timestamp()")
    chance = random.Random("hostile")
    params = json.dumps(
        {"</script><script>alert(1)": RIGHT_TO_LEFT, "W" * 200: ["W" * 2_000, MARKUP], "": None}
    )
    executions, lines = [], []
    for number, (job_id, (name, about, group)) in enumerate(JOBS.items(), 1):
        await connection.execute(INSERT_JOB, job_id, name, about, group, params)
        begin = now - timedelta(hours=number)
        error = (MARKUP, RIGHT_TO_LEFT + "\n", "W")[number - 1]
        run = Execution(
            execution_id=id_of(begin, chance),
            job_id=job_id,
            job_name=name,
            handler="noop",
            start_time=begin,
            end_time=begin + 90 * SECOND,
            duration_ms=90_000,
            status="FAILED",
            error_count=2,
            error_details=json.dumps([(error * BIG)[:BIG], MARKUP]),
            created_at=begin,
            not_before=begin,
            triggered_by="MANUAL",
            requested_by=MARKUP[:60],
            params=params,
            result=params,
        )
        executions.append(run)
        for step, text in enumerate((MARKUP, RIGHT_TO_LEFT, "W" * 8_000, "first\n\tsecond\n<b>third</b>")):
            lines.append(
                LogLine(
                    execution_id=run.execution_id,
                    job_id=job_id,
                    logged_at=begin + step * SECOND,
                    level="warning",
                    logger="noop",
                    message=text,
                    fields=params,
                )
            )
    await copy_rows(connection, "job_executions", executions)
    await copy_rows(connection, "job_execution_logs", lines)
