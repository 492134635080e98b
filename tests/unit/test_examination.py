"""The doctor's judgement of what it read."""

from service.domain.diagnosis import Finding, Severity
from service.domain.examination import (
    JobFacts,
    ReplicaFacts,
    SchemaFacts,
    ServerFacts,
    judge_fleet,
    judge_jobs,
    judge_schema,
    judge_server,
    judge_way,
)
from service.domain.pooling import Pooling


def a_server(**facts):
    """A server without faults, but for these."""
    values = {
        "version": "16.4",
        "version_number": 160_004,
        "is_standby": False,
        "settings": {"fsync": "on", "idle_in_transaction_session_timeout": "600000"},
        "connection_limits": {"the server": 97, "the role": -1, "the database": -1},
        **facts,
    }
    return ServerFacts(**values)


def a_replica(**facts):
    """A live replica."""
    values = {
        "replica_id": "0190aaaa-0000-7000-8000-000000000000",
        "version": "1",
        "handlers": ["noop"],
        "lease_seconds_left": 9.0,
        "tzdata_version": "2026f",
        **facts,
    }
    return ReplicaFacts(**values)


def odd(findings):
    """What is not in order, as pairs of code and severity."""
    return [(each.code, each.severity) for each in findings if each.severity is not Severity.OK]


def judged(server, *, replicas=3, is_embedded=False):
    """The server's findings for a fleet of replicas with 20 connections each."""
    return odd(judge_server(server, 20, replicas, is_embedded=is_embedded))


def test_a_server_without_faults_is_in_order():
    """Sixty connections find room under 97."""
    assert judged(a_server()) == []


def test_an_old_server_and_a_standby_are_problems():
    """Neither can be worked with."""
    assert judged(a_server(version="13.9", version_number=130_009)) == [("server_version", Severity.PROBLEM)]
    assert judged(a_server(is_standby=True)) == [("server_standby", Severity.PROBLEM)]


def test_every_limit_of_connections_counts():
    """The server's, the role's and the database's; -1 is none."""
    assert judged(a_server(), replicas=5) == [("connections", Severity.WARNING)]
    limits = {"the server": 97, "the role": 30, "the database": -1}
    assert judged(a_server(connection_limits=limits)) == [("connections", Severity.WARNING)]


def test_settings_worth_changing_are_named():
    """People at the embedded server's psql may leave transactions open; clients of others may not."""
    open_ended = a_server(settings={"idle_in_transaction_session_timeout": "0"})
    assert judged(open_ended) == [("server_settings", Severity.WARNING)]
    assert judged(open_ended, is_embedded=True) == []


def test_migrations_are_a_problem_only_to_who_may_not_apply_them():
    """`serve` applies them where it may."""
    pending = {"pending": ["001_jobs.sql"], "missing_rights": []}
    assert odd(judge_schema(SchemaFacts(may_create=True, **pending))) == [("migrations", Severity.WARNING)]
    assert odd(judge_schema(SchemaFacts(may_create=False, **pending))) == [("migrations", Severity.PROBLEM)]


def test_missing_rights_are_listed():
    """The first five, and how many more."""
    rights = [f"insert on table_{number}" for number in range(7)]
    [*_, finding] = judge_schema(SchemaFacts(pending=[], may_create=True, missing_rights=rights))
    assert finding.severity is Severity.PROBLEM
    assert "insert on table_0" in finding.sentence
    assert finding.sentence.endswith("and 2 more.")


def test_a_way_on_which_nothing_is_heard_is_a_problem():
    """A way past the pooler mends it, and then only the pooler itself is worth a warning."""
    transaction = Pooling.TRANSACTION
    deaf = [("pooler", Severity.WARNING), ("notifications", Severity.PROBLEM)]
    assert odd(judge_way(transaction, transaction, None)) == deaf
    assert odd(judge_way(transaction, Pooling.NONE, 1.0)) == [("pooler", Severity.WARNING)]
    assert odd(judge_way(Pooling.NONE, Pooling.NONE, None)) == [("notifications", Severity.PROBLEM)]
    assert odd(judge_way(Pooling.NONE, Pooling.NONE, 1.0)) == []


def test_replicas_that_disagree_are_named():
    """Versions, zone data, and who died."""
    assert odd(judge_fleet([a_replica()], "2026f")) == []
    assert odd(judge_fleet([], "2026f")) == [("replicas", Severity.WARNING)]
    others = [a_replica(version="2", tzdata_version="2025b"), a_replica(lease_seconds_left=-30.0)]
    found = [("replicas", Severity.WARNING), ("dead_lease", Severity.WARNING), ("tzdata", Severity.WARNING)]
    assert odd(judge_fleet([a_replica(), *others], "2026f")) == found


def test_what_a_replica_says_of_itself_is_repeated():
    """With its name, and in its severity."""
    blocked = Finding("loop_blocked", Severity.PROBLEM, "Something blocked the event loop.")
    findings = [
        each for each in judge_fleet([a_replica(findings=[blocked])], "2026f") if each.code == "loop_blocked"
    ]
    assert [(each.severity, each.sentence[:17]) for each in findings] == [
        (Severity.PROBLEM, "replica 0190aaaa:")
    ]


def test_every_job_in_trouble_is_named_up_to_five():
    """Late, parked, or without anybody who can run it."""
    jobs = JobFacts(
        overdue=[("LATE", 90.0)],
        parked=[("BAD", "no such day")],
        handlers=[("GOOD", "noop"), *((f"STRANGE_{number}", "risk.report") for number in range(7))],
    )
    findings = list(judge_jobs(jobs, ["noop"], is_anybody_alive=True))
    assert {each.severity for each in findings} == {Severity.PROBLEM}
    assert [each.code for each in findings] == ["overdue", "parked", *["no_handler"] * 6]
    assert findings[-1].sentence == "And 2 more jobs are without a handler."
    assert odd(judge_jobs(JobFacts(), [], is_anybody_alive=False)) == []
