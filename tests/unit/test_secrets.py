"""Secrets in parameters: where they are filled in, which are refused, and that no run leaves one behind."""

import asyncio
from datetime import date
from typing import Any, Literal

import msgspec
import pytest
import structlog

from service.domain.errors import InvalidInput, SecretUnavailable
from service.domain.execution import ExecutionStatus
from service.execution.work import Work, outcome_of
from service.handlers.registry import Handler
from service.handlers.secrets import UNSTORABLE, Redaction, Secrets
from tests.support.jobs import an_execution
from tests.support.runs_without_database import KeptReports, a_run

VALUE = 'p"ss /wörd'
SECRETS = Secrets(
    {"TOKEN": f"{VALUE}\n", "OTHER": "other-secret", "PIN": "123", "EMPTY": "", "CRONSOLE_X": "x" * 9,
     "DATABASE_URL": "postgresql://", "PGPASSWORD": "x" * 9},
    withheld={"DATABASE_URL"},
)  # fmt: skip


class Params(msgspec.Struct, frozen=True):
    token: str = ""
    mode: Literal["fast", "slow"] = "fast"
    limit: int = 0


def a_handler(work: Any) -> Handler:
    """A handler with a token among its parameters."""
    return Handler(name="test", work=work, params=Params)


async def outcome_of_work(work, params):
    """Run a handler as the runner does; returns the outcome."""
    handler = a_handler(work)
    run = a_run(handler, params, secrets=SECRETS)
    ready = Work(lambda: handler.work(run), handler.is_blocking, run, run.redact)
    return await outcome_of(an_execution(params=params), ready, asyncio.Event())


def test_placeholders_are_filled_anywhere_in_strings():
    """In objects and lists, several in one string; keys and other text stay as they are."""
    params: dict[str, Any] = {
        "a": ["x ${secret:TOKEN} ${secret:OTHER}", {"b": "${secret:OTHER}"}],
        "c": 1,
        "d": "$secret:{}",
    }
    filled, _ = SECRETS.fill(params)
    assert filled == {"a": [f"x {VALUE} other-secret", {"b": "other-secret"}], "c": 1, "d": "$secret:{}"}
    assert params["a"][1] == {"b": "${secret:OTHER}"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${secret:NOWHERE}", "secret NOWHERE: this replica's environment does not have it"),
        ("${secret:EMPTY}", "secret EMPTY: this replica's environment does not have it"),
        ("${secret:DATABASE_URL}", "secret DATABASE_URL: this variable belongs to the service"),
        ("${secret:CRONSOLE_X}", "secret CRONSOLE_X: this variable belongs to the service"),
        ("${secret:PGPASSWORD}", "secret PGPASSWORD: this variable belongs to the service"),
        ("${secret:PIN}", "secret PIN: shorter than 4 characters"),
        ("${secret:lower}", "must be followed by a name"),
        ("${secret:TOKEN", "must be followed by a name"),
        ("${secret:}", "must be followed by a name"),
    ],
)
def test_a_secret_that_is_not_to_be_had_is_a_clear_error(text, message):
    """The error says the name, and never a value."""
    with pytest.raises(SecretUnavailable, match=message) as caught:
        SECRETS.fill({"token": text})
    assert "xxx" not in str(caught.value)


def test_a_secret_in_a_url_is_one_piece_of_text():
    """Its own slashes and ampersands are no part of the URL's structure."""
    params = {"url": "http://h/?t=${secret:TOKEN}", "body": "${secret:TOKEN}"}
    filled, _ = SECRETS.fill(params, percent_encoded={"url"})
    assert filled == {"url": "http://h/?t=p%22ss%20%2Fw%C3%B6rd", "body": VALUE}


def test_a_filled_value_is_not_filled_again():
    """A secret that looks like a placeholder is only a secret."""
    filled, _ = Secrets({"A": "${secret:B}", "B": "never"}).fill({"token": "${secret:A}"})
    assert filled == {"token": "${secret:B}"}


def test_the_usual_ways_to_write_a_secret_are_hidden():
    """As it is, in JSON, in a URL, in a Python message; within keys, lists and dates' neighbours too."""
    _, redact = SECRETS.fill({"token": "${secret:TOKEN}"})
    shown = redact(
        {VALUE: [f"a{VALUE}b", msgspec.json.encode(VALUE).decode(), "p%22ss%20%2Fw%C3%B6rd",
                 "p%22ss+%2Fw%C3%B6rd"],
         "day": date(2026, 11, 23), "n": 1.5}
    )  # fmt: skip
    hidden = "${secret:TOKEN}"
    assert shown == {hidden: [f"a{hidden}b", f'"{hidden}"', hidden, hidden], "day": "2026-11-23", "n": 1.5}


def test_a_secret_within_another_is_hidden_as_the_longer_one():
    """The longest that fits wins, so that no rest of it stays."""
    assert Redaction({"A": "abcd", "B": "abcdefgh"})("abcdefgh abcd") == "${secret:B} ${secret:A}"


def test_what_is_no_json_is_left_out_where_there_are_secrets():
    """Nobody can tell what it holds; without secrets it is passed on as it is."""
    loop: list[Any] = []
    loop.append(loop)
    assert Redaction({"A": "abcd"})(object()) == UNSTORABLE
    assert Redaction({"A": "abcd"})(loop) == UNSTORABLE
    assert Redaction()(loop) is loop


def test_parameters_that_do_not_fit_do_not_show_the_secret():
    """msgspec's message of a wrong choice quotes the value."""
    with pytest.raises(
        InvalidInput, match=r"Invalid enum value '\$\{secret:OTHER\}' - at `\$.mode`"
    ) as caught:
        a_run(a_handler(lambda run: None), {"mode": "${secret:OTHER}"}, secrets=SECRETS)
    assert caught.value.__suppress_context__


async def test_nothing_that_a_failed_run_leaves_holds_its_secret():
    """Error, symbols' errors, result and log lines show the placeholder, also where a text is cut."""

    async def leak(run):
        run.result = {"seen": [run.params.token]}
        run.symbol_failed("X", "x" * 1995 + run.params.token)
        run.log.info("called", token=run.params.token, params=run.params)
        try:
            raise ValueError(run.params.token)
        except ValueError:
            run.log.exception("failed")
        raise RuntimeError("y" * 1980 + run.params.token)

    with structlog.testing.capture_logs() as lines:
        outcome = await outcome_of_work(leak, {"token": "${secret:TOKEN}"})
    assert outcome.status is ExecutionStatus.FAILED
    assert outcome.result == {"seen": ["${secret:TOKEN}"]}
    assert outcome.error_count == 2
    left = repr((outcome, lines))
    assert all(part not in left for part in (VALUE, "wörd", 'p"s', "ssyyy"))
    assert [line["event"] for line in lines] == ["symbol_failed", "called", "failed", "execution_raised"]
    assert lines[1]["token"] == "${secret:TOKEN}"
    assert "ValueError: ${secret:TOKEN}" in lines[2]["exception"]


async def test_progress_and_checkpoints_hold_no_secret():
    """They are stored while the run goes on."""
    run = a_run(a_handler(lambda run: None), {"token": "${secret:TOKEN}"}, secrets=SECRETS)
    await run.progress(done=1, note=f"at {VALUE}")
    await run.checkpoint({"next": VALUE})
    store = run._store
    assert isinstance(store, KeptReports)
    assert store.progress == [(1, None, "at ${secret:TOKEN}")]
    assert store.checkpoints == [{"next": "${secret:TOKEN}"}]


async def test_a_blocking_handler_that_returns_a_coroutine_has_failed():
    """A plain def around an async def would do nothing at all, and succeed."""

    async def never(run):
        raise AssertionError

    outcome = await outcome_of_work(lambda run: never(run), {})
    assert outcome.error_details == [
        "TypeError: the handler returned a coroutine, but is no async def: it did nothing"
    ]
