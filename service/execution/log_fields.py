"""Texts and fields of log lines, made fit to be stored: whole, bounded, without secrets and without NUL."""

import traceback
from collections.abc import Callable
from typing import Any

import msgspec

LARGEST_FIELDS = 16_000
REPLACEMENT = "\ufffd"

Redact = Callable[[str], str]


def clean(text: str) -> str:
    """Return the text as Postgres can store it: no NUL, nothing that is not Unicode."""
    if "\x00" in text:
        text = text.replace("\x00", REPLACEMENT)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def shortened(text: str, longest: int) -> str:
    """Return at most `longest` characters of the text, its beginning."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def text_of(value: Any) -> str:
    """Return what a value says of itself, whatever it is."""
    try:
        return str(value)
    except Exception:
        return f"<a {type(value).__name__} that cannot be shown>"


def traceback_of(exc_info: Any) -> str:
    """Return the text of what structlog takes for an exception."""
    if exc_info is True:
        return traceback.format_exc().rstrip()
    fault = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if not isinstance(fault, BaseException):
        return ""
    return "".join(traceback.format_exception(fault)).rstrip()


def end_of(text: str, longest: int) -> str:
    """Return at most `longest` characters of the text, its end."""
    return text if len(text) <= longest else "…" + text[1 - longest :]


def encode(fields: dict[str, Any]) -> str:
    """Return the fields as JSON that `jsonb` accepts, at most 16,000 bytes or so of it.

    What JSON has no form for becomes text. `fields_left_out` counts the fields for which there is no room.

    Source: PostgreSQL's manual, 8.14: jsonb refuses the escape of U+0000, which text cannot hold.
    """
    try:
        encoded = msgspec.json.encode(fields, enc_hook=text_of)
    except Exception:
        encoded = None
    if encoded is None or len(encoded) > LARGEST_FIELDS:
        encoded = msgspec.json.encode(cut_to_fit(fields))
    return encoded.decode().replace("\\u0000", REPLACEMENT)


def cut_to_fit(fields: dict[str, Any]) -> dict[str, Any]:
    """Return those of the fields that have room, long texts shortened, as plain JSON each."""
    kept: dict[str, Any] = {}
    room = LARGEST_FIELDS
    for name, value in fields.items():
        name, encoded = clean(shortened(name, 200)), as_json(value, room // 2)
        size = len(name) + len(encoded) + 4
        if size <= room:
            kept[name] = msgspec.Raw(encoded)
            room -= size
    if len(kept) < len(fields):
        kept["fields_left_out"] = len(fields) - len(kept)
    return kept


def as_json(value: Any, longest: int) -> bytes:
    """Return one value as JSON, or the beginning of its text as a JSON string."""
    try:
        encoded = msgspec.json.encode(value, enc_hook=text_of)
        if len(encoded) <= longest:
            return encoded
    except Exception:
        pass  # its text will do
    return msgspec.json.encode(clean(shortened(text_of(value), max(longest // 4, 1))))


def redacted(value: Any, redact: Redact) -> Any:
    """Return plain JSON values in which every text, names of fields too, has passed `redact`."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(text_of(name)): redacted(each, redact) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(each, redact) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    try:
        plain = msgspec.to_builtins(value, enc_hook=text_of)
    except Exception:
        plain = text_of(value)
    return redacted(plain, redact) if type(plain) is not type(value) else redact(text_of(value))
