"""What the doctor found in a database and its fleet, judged: each thing looked at is one finding or more."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from service.domain.diagnosis import Finding, Severity
from service.domain.pooling import Pooling

OLDEST_SERVER, OLDEST_SERVER_NUMBER = "14", 140_000
MOST_NAMES = 5


class ServerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says of itself; a limit of -1 is none."""

    version: str
    version_number: int
    is_standby: bool
    settings: Mapping[str, str]
    connection_limits: Mapping[str, int]  # whose limit: how many


class SchemaFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What of our schema is there, and what this role may do with it."""

    pending: Sequence[str]
    may_create: bool
    missing_rights: Sequence[str]


class ReplicaFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `replicas`."""

    replica_id: str
    version: str
    handlers: Sequence[str]
    lease_seconds_left: float
    listener_mode: str | None = None
    tzdata_version: str | None = None
    findings: Sequence[Finding] = ()

    @property
    def is_alive(self) -> bool:
        return self.lease_seconds_left > 0

    @property
    def name(self) -> str:
        """Return what logs and `pg_stat_activity` call it."""
        return f"replica {self.replica_id[:8]}"


class JobFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs that do not do what they should: pairs of a job and how late, why, or by which handler."""

    overdue: Sequence[tuple[str, float]] = ()
    parked: Sequence[tuple[str, str]] = ()
    handlers: Sequence[tuple[str, str]] = ()  # of all enabled jobs


class Checkup(msgspec.Struct, frozen=True):
    """All that one examination found, and when it began."""

    checked_at: datetime
    findings: Sequence[Finding]


def ok(code: str, sentence: str) -> Finding:
    """Say that something is in order."""
    return Finding(code, Severity.OK, sentence)


def warning(code: str, sentence: str, remedy: str = "") -> Finding:
    """Say that something works, but should be looked at."""
    return Finding(code, Severity.WARNING, sentence, remedy)


def problem(code: str, sentence: str, remedy: str = "") -> Finding:
    """Say that something does not do what it should."""
    return Finding(code, Severity.PROBLEM, sentence, remedy)


def judge_server(
    server: ServerFacts, connections_a_replica: int, replicas: int, *, is_embedded: bool
) -> Iterator[Finding]:
    """Judge the server: its version, its settings, and whether a fleet of so many replicas finds room."""
    if server.version_number < OLDEST_SERVER_NUMBER:
        yield problem(
            "server_version",
            f"The database is Postgres {server.version}.",
            f"Cronsole needs {OLDEST_SERVER} or later.",
        )
    else:
        yield ok("server_version", f"The database is Postgres {server.version}.")
    if server.is_standby:
        yield problem(
            "server_standby", "The database is a read-only standby.", "Let DATABASE_URL lead to its primary."
        )
    yield judge_room(server, connections_a_replica * replicas)
    settings = dict(server.settings)
    if is_embedded:
        # Its users are people at this machine, who may leave a transaction open in psql.
        settings.pop("idle_in_transaction_session_timeout", None)
    yield from judge_settings(settings)


def judge_room(server: ServerFacts, needed: int) -> Finding:
    """Judge whether the connections of the fleet find room under every limit."""
    for whose, limit in server.connection_limits.items():
        if 0 <= limit < needed:
            return warning(
                "connections",
                f"The fleet may open {needed} connections, and {whose} allows {limit}.",
                "Raise the limit, or run fewer replicas.",
            )
    return ok("connections", f"There is room for the {needed} connections that the fleet may open.")


def judge_settings(settings: Mapping[str, str]) -> Iterator[Finding]:
    """Judge the server's settings that are worth changing."""
    advice = {
        ("fsync", "off"): "a crash of the server can destroy the database",
        ("synchronous_commit", "off"): "a crash of the server can lose decisions that were made already",
        ("track_activities", "off"): "pg_stat_activity does not show what the replicas are doing",
        ("track_counts", "off"): "autovacuum does not run, and the hot tables grow",
        ("autovacuum", "off"): "the hot tables grow until somebody vacuums them",
        ("idle_in_transaction_session_timeout", "0"): "whoever stops inside a transaction keeps its locks",
    }
    odd = [
        warning("server_settings", f"{name} is {value}: {why}.", f"Change {name}.")
        for (name, value), why in advice.items()
        if settings.get(name) == value
    ]
    yield from odd or [ok("server_settings", "No setting of the server is in the way.")]


def judge_schema(schema: SchemaFacts) -> Iterator[Finding]:
    """Judge migrations and rights."""
    if not schema.pending:
        yield ok("migrations", "The schema is this version's.")
    elif schema.may_create:
        yield warning(
            "migrations",
            f"Migrations are to be applied: {shortened(schema.pending)}.",
            "`serve` does it, or `python -m service migrate`.",
        )
    else:
        yield problem(
            "migrations",
            f"Migrations are to be applied, and this role may not: {shortened(schema.pending)}.",
            "Run `python -m service migrate` as the owner of the schema.",
        )
    if schema.missing_rights:
        yield problem(
            "rights",
            f"This role lacks rights: {shortened(schema.missing_rights)}.",
            "Make it a member of cronsole_service, or grant them.",
        )
    elif not schema.pending:
        yield ok("rights", "This role has every right that a replica needs.")


def judge_way(pooling: Pooling, listen_pooling: Pooling, round_trip_ms: float | None) -> Iterator[Finding]:
    """Judge the way to the database: poolers, and whether a notification comes through."""
    if pooling is Pooling.TRANSACTION:
        yield warning(
            "pooler",
            "A pooler in transaction mode stands before the database: statements are not kept prepared, and"
            " have no time limit on the server.",
            "Lead DATABASE_URL past it if you can.",
        )
    elif pooling is Pooling.SESSION:
        yield warning(
            "pooler", "A pooler stands before the database: statements have no time limit on the server."
        )
    else:
        yield ok("pooler", "No pooler stands before the database.")
    if round_trip_ms is not None:
        yield ok("notifications", f"A notification is heard after {round_trip_ms:.0f} ms.")
    elif listen_pooling is Pooling.TRANSACTION:
        yield problem(
            "notifications",
            "Notifications do not come through the pooler: replicas poll, and changes are up to 5 s late.",
            "Set LISTEN_DATABASE_URL to a way past the pooler.",
        )
    else:
        yield problem(
            "notifications",
            "What DATABASE_URL's database sends is not heard: replicas poll, and changes are up to 5 s late.",
            "Let LISTEN_DATABASE_URL lead to the same database.",
        )


def judge_fleet(replicas: Sequence[ReplicaFacts], our_tzdata: str) -> Iterator[Finding]:
    """Judge the replicas: who lives, who died, what each says of itself, whether they agree."""
    alive = [replica for replica in replicas if replica.is_alive]
    if not alive:
        yield warning("replicas", "No replica is alive, so nothing fires.", "Start one.")
    elif {replica.version for replica in alive} == {alive[0].version}:
        yield ok("replicas", f"Replicas alive: {len(alive)}, of version {alive[0].version}.")
    else:
        versions = sorted({replica.version for replica in alive})
        yield warning(
            "replicas", f"Replicas alive: {len(alive)}, of different versions: {shortened(versions)}."
        )
    for replica in replicas:
        if not replica.is_alive:
            yield warning(
                "dead_lease",
                f"The lease of {replica.name} ran out {-replica.lease_seconds_left:.0f} s ago: it was killed,"
                " or does not reach the database.",
            )
    for replica in alive:
        for finding in replica.findings:
            yield Finding(
                finding.code, finding.severity, f"{replica.name}: {finding.sentence}", finding.remedy
            )
    zone_data = {replica.tzdata_version for replica in alive if replica.tzdata_version} | {our_tzdata}
    if len(zone_data) > 1:
        yield warning(
            "tzdata",
            f"Time zone data differ: {shortened(sorted(zone_data))}: one job may be planned in two ways.",
            "Install the same version of tzdata everywhere.",
        )
    else:
        yield ok("tzdata", f"Time zone data: {our_tzdata} everywhere.")


def judge_jobs(jobs: JobFacts, known_handlers: Sequence[str], *, is_anybody_alive: bool) -> Iterator[Finding]:
    """Judge the jobs: late, parked, or without anybody who can run them."""
    for job_id, late_seconds in jobs.overdue[:MOST_NAMES]:
        yield problem("overdue", f"Job {job_id} is {late_seconds:.0f} s overdue.", "Look at the replicas.")
    for job_id, reason in jobs.parked[:MOST_NAMES]:
        yield problem("parked", f"Job {job_id} never fires: {reason}.", "Mend its schedule.")
    who = "no live replica" if is_anybody_alive else "this installation does not"
    strangers = [(job_id, name) for job_id, name in jobs.handlers if name not in known_handlers]
    for job_id, name in strangers[:MOST_NAMES]:
        yield problem(
            "no_handler",
            f"Job {job_id} wants the handler {name}, and {who} know{'s' if is_anybody_alive else ''} it.",
            "Name its module in CRONSOLE_HANDLERS, or deploy a replica that has it.",
        )
    for code, what, all_of_them in (
        ("overdue", "overdue", jobs.overdue),
        ("parked", "parked", jobs.parked),
        ("no_handler", "without a handler", strangers),
    ):
        if len(all_of_them) > MOST_NAMES:
            yield problem(code, f"And {len(all_of_them) - MOST_NAMES} more jobs are {what}.")
    if not (jobs.overdue or jobs.parked or strangers):
        yield ok("jobs", "No job is overdue, parked or without a handler.")


def findings_from_json(value: Any) -> list[Finding]:
    """Read what a replica wrote of itself; what is none of ours is left out."""
    try:
        return msgspec.convert(value, list[Finding])
    except msgspec.ValidationError:
        return []


def shortened(names: Sequence[str]) -> str:
    """Join the first names."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
