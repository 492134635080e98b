"""The expressions that both grammars, Python's and SQL's, must judge alike: a table, and random ones."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from service.domain.cron import parse_schedule
from service.domain.cron.fields import FIELDS, Field
from service.domain.errors import InvalidSchedule

CASES = Path(__file__).with_name("cases.jsonl")
STRAY_CHARACTERS = " \t,,--//**??LW##0123456789MONJANHRx+.@'\\%\n\u00e9"


class Case(NamedTuple):
    """An expression and the refusal that it deserves; no message: it is valid."""

    expression: str
    message: str | None
    hint: str | None


def known_cases() -> list[Case]:
    """The cases of `cases.jsonl`."""
    lines = (json.loads(line) for line in CASES.read_text("ascii").splitlines())
    return [Case(line["expression"], line.get("message"), line.get("hint")) for line in lines]


def judged_by_python(expression: str) -> Case:
    """The case that Python's grammar makes of an expression."""
    try:
        parse_schedule(expression, "UTC")
    except InvalidSchedule as refusal:
        return Case(expression, refusal.message, refusal.hint)
    return Case(expression, None, None)


def random_expressions(seed: int, count: int) -> Iterator[str]:
    """`count` expressions: half of them as a careful person writes them, half with faults put in."""
    chance = random.Random(seed)
    for _ in range(count):
        careful = chance.random() < 0.5
        fields = [_field(chance, field, careful) for field in FIELDS]
        if chance.random() < 0.2:
            del fields[0]
        text = chance.choice(("  ", "\t", " ", " ", " ")).join(fields)
        if not careful:
            for _ in range(chance.choice((0, 1, 1, 2))):
                place = chance.randrange(len(text) + 1)
                text = text[:place] + chance.choice(STRAY_CHARACTERS) + text[place + chance.randrange(2) :]
        yield text.lower() if chance.random() < 0.2 else text


def _field(chance: random.Random, field: Field, careful: bool) -> str:
    if chance.random() < 0.4:
        return "*" if chance.random() < 0.8 else "?" if field.label.startswith("day") else "0-5"
    items = [_item(chance, field, careful) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
    return ",".join(items)


def _value(chance: random.Random, field: Field, careful: bool) -> tuple[int, str]:
    number = chance.randint(field.lowest, field.last) if careful else chance.randint(0, field.last + 2)
    names = [name for name, value in field.names.items() if value == number]
    return number, chance.choice([str(number), f"{number:02}", *names])


def _item(chance: random.Random, field: Field, careful: bool) -> str:
    (low, low_text), (high, high_text) = (_value(chance, field, careful) for _ in range(2))
    if careful and low > high:
        low_text, high_text = high_text, low_text
    step = "" if chance.random() < 0.6 else f"/{chance.randint(int(careful), 70)}"
    shapes = [low_text, low_text, f"{low_text}-{high_text}{step}", f"*{step}", f"{low_text}{step}"]
    if field.label == "day-of-month":
        shapes += ["L", "LW", f"L-{chance.randint(int(careful), 32 - 2 * careful)}", f"{low_text}W"]
    if field.label == "day-of-week":
        shapes += [f"{low_text}L", f"{low_text}#{chance.randint(int(careful), 6 - careful)}"]
    return chance.choice(shapes)
