-- What became of each fire, and every run: the ledger, the executions, their progress, statistics and logs.
-- Exactly-one constraints live in these plain tables: a hypertable refuses a unique index without its partition column.

create table job_fires (
    job_id        text not null,
    fire_time     timestamptz not null,
    outcome       text not null check (outcome in
                      ('STARTED', 'SKIPPED_OVERLAP', 'SKIPPED_CALENDAR', 'COALESCED', 'MISSED', 'PAUSED', 'NO_HANDLER')),
    reason        text,
    revision      bigint not null,
    replica_id    uuid not null,
    decided_at    timestamptz not null default clock_timestamp(),
    execution_id  uuid,
    fires_covered integer,
    covers_from   timestamptz,
    primary key (job_id, fire_time)
);
-- With job_id, though time alone is asked for: a plan made while the table was empty looks single fires up in either
-- index, and at the top of an hour thousands share their time.
create index job_fires_by_time on job_fires (fire_time, job_id);

comment on table job_fires is 'the ledger: one decision per (job, fire time), whatever the number of replicas';
comment on column job_fires.fires_covered is 'where one row sums many missed fires: how many, from covers_from to fire_time';

create table job_executions (
    execution_id        uuid primary key,
    job_id              text not null,
    job_name            text not null,
    handler             text not null,
    start_time          timestamptz not null default clock_timestamp(),
    end_time            timestamptz,
    duration_ms         bigint,
    status              text not null check (status in
                            ('QUEUED', 'RUNNING', 'SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'LOST')),
    symbols_processed   bigint not null default 0,
    data_points_stored  bigint not null default 0,
    error_count         bigint not null default 0,
    error_details       jsonb not null default '[]',
    timeframes          jsonb,
    created_at          timestamptz not null default clock_timestamp(),
    triggered_by        text not null check (triggered_by in ('SCHEDULE', 'MANUAL', 'SQL', 'RETRY', 'CATCH_UP')),
    requested_by        text,
    fire_time           timestamptz,
    window_start        timestamptz,
    window_end          timestamptz,
    attempt             integer not null default 1,
    first_execution_id  uuid,
    fencing_number      bigint not null default 0,
    replica_id          uuid,
    params              jsonb not null default '{}',
    result              jsonb,
    not_before          timestamptz not null default clock_timestamp(),
    cancel_requested_at timestamptz,
    cancel_requested_by text
);
create index job_executions_by_job on job_executions (job_id, start_time desc, execution_id desc);
create index job_executions_by_time on job_executions (start_time desc, execution_id desc);
create index job_executions_queued on job_executions (not_before) where status = 'QUEUED';
-- Few rows: whoever looks for what runs, of a job or of a replica, need not read the history.
create index job_executions_unfinished on job_executions (job_id) where status in ('QUEUED', 'RUNNING');
create index job_executions_by_first on job_executions (first_execution_id) where first_execution_id is not null;

comment on column job_executions.start_time is 'the time of the request until the execution starts; never null';
comment on column job_executions.fencing_number is '+1 with each owner; an outcome under an old number is refused';
comment on column job_executions.not_before is 'a QUEUED execution is taken no earlier: the backoff of a retry';

-- Apart from the execution's own row, so that reporting never waits for a transaction of the run.
create table job_execution_progress (
    execution_id uuid primary key references job_executions on delete cascade,
    done         double precision,
    total        double precision,
    note         text,
    checkpoint   jsonb,
    updated_at   timestamptz not null default clock_timestamp()
);

-- Per job and hour of the start. Buckets count successes by duration: up to 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30 s,
-- 1, 2, 5, 10, 30 minutes, 1, 3 hours, and longer.
create table job_execution_stats (
    job_id              text not null,
    hour                timestamptz not null,
    success_count       bigint not null default 0,
    failed_count        bigint not null default 0,
    timeout_count       bigint not null default 0,
    cancelled_count     bigint not null default 0,
    lost_count          bigint not null default 0,
    success_duration_ms bigint not null default 0,
    duration_buckets    bigint[] not null default array_fill(0::bigint, '{16}'),
    primary key (job_id, hour)
);
create index job_execution_stats_by_hour on job_execution_stats (hour);

create table job_execution_logs (
    log_id       bigint generated always as identity primary key,
    execution_id uuid not null,
    job_id       text not null,
    logged_at    timestamptz not null,
    level        text not null,
    logger       text not null,
    message      text not null,
    fields       jsonb not null default '{}'
);
create index job_execution_logs_by_job on job_execution_logs (job_id, log_id desc);
create index job_execution_logs_by_execution on job_execution_logs (execution_id, log_id);
create index job_execution_logs_by_time on job_execution_logs (logged_at);
