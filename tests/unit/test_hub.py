"""The hub: hints go to whoever wants their kind, and what is no hint goes nowhere."""

from typing import Any
from uuid import UUID

import pytest

from service.domain.execution import ExecutionStatus
from service.domain.hint import (
    Acknowledged,
    Cancelling,
    ExecutionChange,
    ExecutionsChanged,
    Logged,
    Queued,
    ReplicaChanged,
    ReplicaState,
    read_hint,
    write_hint,
)
from service.domain.hub import Hub

SOME_ID = UUID("0192d3a4-5b6c-7d8e-9f01-23456789abcd")


@pytest.mark.parametrize(
    "hint",
    [
        Queued(),
        Cancelling(),
        Logged(["A", "b.c-d_e"]),
        Acknowledged(SOME_ID, {"A": 1, "B": 2**62}),
        ExecutionsChanged(executions=[ExecutionChange(SOME_ID, "A", ExecutionStatus.LOST)]),
        ExecutionsChanged(jobs=["A"]),
        ExecutionsChanged(are_too_many=True),
        ReplicaChanged(SOME_ID, ReplicaState.DRAINING),
    ],
)
def test_what_is_written_is_read(hint):
    """Every kind of hint."""
    assert read_hint(write_hint(hint)) == hint


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "null",
        "7",
        "[]",
        "{}",
        "\x00",
        "[" * 7_999,
        '{"type":"queued","more":' + "[" * 7_000,
        '{"type":["queued"]}',
        '{"type":"other"}',
        '{"type":"log"}',
        '{"type":"log","jobIds":"A"}',
        '{"type":"log","jobIds":["A",""]}',
        '{"type":"log","jobIds":["A\\u0000"]}',
        '{"type":"log","jobIds":["A\\r\\n"]}',
        '{"type":"acknowledged","replicaId":"x","revisions":{}}',
        f'{{"type":"acknowledged","replicaId":"{SOME_ID}","revisions":{{"A":-1}}}}',
        f'{{"type":"acknowledged","replicaId":"{SOME_ID}","revisions":{{"A":1e999}}}}',
        f'{{"type":"acknowledged","replicaId":"{SOME_ID}","revisions":{{"A\\n":1}}}}',
        f'{{"type":"replica","replicaId":"{SOME_ID}","state":"GONE"}}',
    ],
)
def test_what_is_no_hint_is_passed_over(payload):
    """Whoever sent it."""
    assert read_hint(payload) is None


def test_a_hint_goes_to_all_who_want_its_kind():
    """And to nobody else."""
    hub = Hub()
    taken: list[Any] = []
    hub.on(Queued, lambda hint: taken.append(("first", hint)))
    hub.on(Queued, lambda hint: taken.append(("second", hint)))
    hub.on(Logged, lambda hint: taken.append(("log", hint)))
    for payload in ('{"type":"queued"}', "garbage", '{"type":"log","jobIds":["A"]}'):
        hub.hear(payload)
    assert taken == [("first", Queued()), ("second", Queued()), ("log", Logged(["A"]))]


@pytest.mark.parametrize(
    ("payload", "job_ids", "gaps"),
    [
        ("A", [["A"]], 0),
        ("A,B,A", [["A", "B"]], 0),
        ("*", [], 1),
        ("A,*", [], 1),
        ("", [], 0),
        ("a b,\n,A", [["A"]], 0),
        ("x" * 51, [], 0),
    ],
)
def test_changed_jobs_are_told_by_their_ids_or_all_together(payload, job_ids, gaps):
    """`*` may stand for any of them."""
    hub = Hub()
    taken: list[list[str]] = []
    count: list[int] = []
    hub.on_jobs(taken.append)
    hub.on_gap(lambda: count.append(1))
    hub.hear_jobs(payload)
    assert (taken, len(count)) == (job_ids, gaps)
