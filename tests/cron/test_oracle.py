"""Every line of the table of right answers: expressions, zones, instants and the fires that must follow."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from service.domain.cron import find_zone, parse_schedule
from service.domain.errors import InvalidSchedule

ORACLE = Path(__file__).with_name("oracle.jsonl")


def expression_of(case: dict[str, Any]) -> str:
    """The expression of a line; long ones are stored as prefix, repeated unit, times, suffix."""
    if "expr" in case:
        return str(case["expr"])
    prefix, unit, times, suffix = case["expr_parts"]
    return str(prefix + unit * times + suffix)


def oracle_cases() -> list[dict[str, Any]]:
    """All lines of the table."""
    return [json.loads(line) for line in ORACLE.read_text("utf-8").splitlines()]


def oracle_expressions() -> list[str]:
    """Every expression of the table, once."""
    return list(dict.fromkeys(map(expression_of, oracle_cases())))


def fault_of(case: dict[str, Any]) -> str | None:
    """What is wrong with our answer to a line; None if nothing is."""
    expression, wanted = expression_of(case), case.get("expected")
    try:
        schedule = parse_schedule(expression, case.get("zone", "UTC"))
    except InvalidSchedule as refusal:
        is_right = wanted == [] if wanted is not None else case["valid"] is not True
        return None if is_right else f"refused: {refusal}"
    if wanted is None:
        return "accepted" if case["valid"] is False else None
    zone = find_zone(case["zone"])
    fires = schedule.fire_times(datetime.fromisoformat(case["from"]), case["n"])
    found = [fire.astimezone(zone).isoformat() for fire in fires]
    return None if found == wanted else f"fires {found}"


def test_every_line_of_the_oracle_is_answered_exactly():
    """4,232 facts: fires, refusals, and texts that may go either way, but without any other error."""
    cases = oracle_cases()
    assert len(cases) == 4_232
    wrong = [f"{case}: {fault}" for case in cases if (fault := fault_of(case))]
    assert wrong == []
