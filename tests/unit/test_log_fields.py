"""Texts and fields of log lines: whatever a handler passes can be stored."""

from decimal import Decimal
from uuid import UUID

import msgspec
import pytest

from service.execution.log_fields import clean, encode, end_of, redacted, shortened, text_of
from tests.support.jobs import MONDAY_9AM


class Unfriendly:
    """Raises when it is looked at."""

    def __repr__(self):
        raise RuntimeError("no")


def loop():
    """A list that holds itself."""
    items: list[object] = []
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("text", "text"),
        (1.5, 1.5),
        (float("nan"), None),
        (MONDAY_9AM, "2026-11-23T09:00:00Z"),
        (Decimal("1.10"), "1.10"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ((1, {2}), [1, [2]]),
        (ValueError("bad"), "bad"),
        (2**80, 2**80),
        ({(1, 2): 3}, {"(1, 2)": 3}),
        ("a\x00b", "a\ufffdb"),
        ("a\ud800b", "a?b"),
        (Unfriendly(), "<a Unfriendly that cannot be shown>"),
        ([Unfriendly()], ["<a Unfriendly that cannot be shown>"]),
        (loop(), "[[...]]"),
    ],
)
def test_every_value_becomes_json(value, stored):
    """What JSON has no form for becomes its text; one bad field spoils no other."""
    assert msgspec.json.decode(encode({"value": value, "other": 1})) == {"value": stored, "other": 1}


def test_large_fields_are_cut_and_counted():
    """Long texts keep their beginning; fields beyond the room are counted."""
    fields = {"first": "x" * 1_000_000, **{f"field_{i}": "y" * 1_000 for i in range(100)}}
    encoded = encode(fields)
    stored = msgspec.json.decode(encoded)
    assert len(encoded) < 17_000
    assert stored["first"].startswith("xxx")
    assert stored["first"].endswith("x…")
    assert stored["fields_left_out"] == 101 - (len(stored) - 1)


def test_texts_are_fit_for_postgres():
    """No NUL, no lone surrogates, no more than so many characters."""
    assert clean("a\x00b\udc80c\u00e9") == "a\ufffdb?cé"
    assert shortened("abcdef", 4) == "abc…"
    assert end_of("abcdef", 4) == "…def"
    assert text_of(Unfriendly()) == "<a Unfriendly that cannot be shown>"


def test_secrets_are_redacted_wherever_they_stand():
    """In texts, in names, in lists, inside objects."""

    class Account(msgspec.Struct):
        key: str

    def redact(text):
        return text.replace("hush", "***")

    fields = {"a": "a hush", "hush": 1, "b": [{"c": "hush"}], "d": Account("hush"), "e": ValueError("hush")}
    assert redacted(fields, redact) == {
        "a": "a ***",
        "***": 1,
        "b": [{"c": "***"}],
        "d": {"key": "***"},
        "e": "***",
    }
