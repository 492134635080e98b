"""Secrets in the parameters of jobs: filled in from the environment for one run, kept out of its traces."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec

from service.domain.errors import SecretUnavailable

OPENING = "${secret:"
PLACEHOLDER = re.compile(r"\$\{secret:(?:([A-Z_][A-Z0-9_]*)\})?")
# Shorter ones cannot be kept out of messages without spoiling them: "7" is everywhere.
SHORTEST_SECRET = 4
OWN_PREFIX = "CRONSOLE_"
# What asyncpg reads beside DATABASE_URL: https://www.postgresql.org/docs/current/libpq-envars.html
OF_POSTGRES = {"PGPASSWORD", "PGPASSFILE", "PGSSLKEY"}
UNSTORABLE = "left out: it is no JSON, so nobody can tell whether it holds a secret"


class Redaction:
    """Puts the placeholder back wherever the value of a secret shows; without secrets it changes nothing."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._names = {written: name for name, value in (values or {}).items() for written in forms(value)}
        longest_first = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    @property
    def has_secrets(self) -> bool:
        """Whether there is anything to hide."""
        return self._pattern is not None

    def __call__(self, value: Any) -> Any:
        """Return a copy of a JSON value, or of what becomes one, without the secrets; never raises."""
        if self._pattern is None:
            return value
        try:
            return map_strings(msgspec.to_builtins(value), self._hide)
        except (TypeError, ValueError, RecursionError):
            return UNSTORABLE

    def _hide(self, text: str) -> str:
        assert self._pattern is not None
        return self._pattern.sub(lambda found: f"{OPENING}{self._names[found[0]]}}}", text)


class Secrets:
    """The secrets of this replica: variables of its environment, but for those that are the service's own."""

    def __init__(self, environ: Mapping[str, str], withheld: Collection[str] = ()) -> None:
        """`withheld` names the service's settings, which no job may read."""
        self._environ, self._withheld = environ, withheld

    def fill(
        self, params: dict[str, Any], percent_encoded: Collection[str] = ()
    ) -> tuple[dict[str, Any], Redaction]:
        """Return the parameters with each `${secret:NAME}` filled in, and what hides the values again.

        In the parameters that `percent_encoded` names, URLs, a secret is one piece of text, slashes and all.

        Raises:
            SecretUnavailable: a placeholder cannot be read, or names what is not there or not for jobs.
        """
        used: dict[str, str] = {}

        def fill_one(found: re.Match[str]) -> str:
            name = found[1]
            if name is None:
                raise SecretUnavailable(
                    f"{OPENING} must be followed by a name of A to Z, 0 to 9 and _, and then by a brace"
                )
            used[name] = self._value(name)
            return used[name]

        def fill_url(found: re.Match[str]) -> str:
            return quote(fill_one(found), safe="")

        filled = {
            name: map_strings(
                value,
                partial(PLACEHOLDER.sub, fill_url if name in percent_encoded else fill_one),
                keys=False,
            )
            for name, value in params.items()
        }
        return filled, Redaction(used)

    def _value(self, name: str) -> str:
        if name in self._withheld or name in OF_POSTGRES or name.startswith(OWN_PREFIX):
            raise SecretUnavailable(f"secret {name}: this variable belongs to the service, not to its jobs")
        # As with the settings: secrets read from files end in a newline, which no value means to have.
        value = self._environ.get(name, "").rstrip("\r\n")
        if not value:
            raise SecretUnavailable(f"secret {name}: this replica's environment does not have it")
        if len(value) < SHORTEST_SECRET:
            raise SecretUnavailable(
                f"secret {name}: shorter than {SHORTEST_SECRET} characters, it could not be kept secret"
            )
        return value


def forms(value: str) -> set[str]:
    """Return how a value may be written: as it is, in JSON, in a URL, in a Python message."""
    return {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
        repr(value)[1:-1],
    }


def has_placeholder(value: Any) -> bool:
    """Answer whether a JSON value asks for a secret anywhere."""
    return any(OPENING in text for text in strings_of(value))


def strings_of(value: Any) -> Iterable[str]:
    """Yield every string within a JSON value, the keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from strings_of(key)
            yield from strings_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings_of(each)


def map_strings(value: Any, change: Callable[[str], str], *, keys: bool = True) -> Any:
    """Return a copy of a JSON value with each string changed; unless `keys` is false, the keys too."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {
            change(key) if keys and isinstance(key, str) else key: map_strings(each, change, keys=keys)
            for key, each in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [map_strings(each, change, keys=keys) for each in value]
    return value
