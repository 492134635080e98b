-- Jobs: what may run and when; their hot state; who changed what. Every change is validated, stamped, audited
-- and announced here, so that psql, the API and the console obey one set of rules.

create table jobs (
    job_id                text primary key,
    display_name          text not null,
    description           text,
    job_group             text not null default 'DEFAULT',
    schedule_type         text not null check (schedule_type in ('CRON', 'MANUAL')),
    schedule_cron         text,
    time_zone             text not null default 'UTC',
    enabled               boolean not null default true,
    handler               text not null,
    params                jsonb not null default '{}',
    overlap_policy        text not null default 'SKIP' check (overlap_policy in ('SKIP', 'QUEUE', 'ALLOW', 'REPLACE')),
    misfire_policy        text not null default 'COALESCE' check (misfire_policy in ('COALESCE', 'SKIP', 'ALL')),
    misfire_grace_seconds integer not null default 86400,
    clock_change_policy   text not null default 'ONCE' check (clock_change_policy in ('ONCE', 'WALL')),
    timeout_seconds       integer,
    max_attempts          integer not null default 1,
    retry_backoff_seconds integer not null default 30,
    on_lost               text not null default 'FAIL' check (on_lost in ('FAIL', 'RETRY')),
    overdue_after_seconds integer not null default 60,
    paused_until          timestamptz,
    pause_reason          text,
    revision              bigint not null default 1,
    planned_from          timestamptz not null default clock_timestamp(),
    created_at            timestamptz not null default clock_timestamp(),
    updated_at            timestamptz not null default clock_timestamp(),
    updated_by            text not null default session_user,
    check ((schedule_type = 'CRON') = (schedule_cron is not null))
);

comment on column jobs.planned_from is
    'when what decides fires last changed (cron, zone, clock policy, type, enabled); no fire at or before it is started';
comment on column jobs.revision is '+1 on each real change; a claim on an older revision starts nothing';

-- One small hot row per job, and the lock of every decision about it. It outlives the job, as the history does.
create table job_state (
    job_id                 text primary key,
    decided_through        timestamptz,
    next_fire_time         timestamptz,
    planned_revision       bigint,
    active_executions      integer not null default 0 check (active_executions >= 0),
    waiting_execution_id   uuid,
    last_execution_id      uuid,
    last_start_time        timestamptz,
    last_status            text,
    last_duration_ms       bigint,
    failures_in_succession integer not null default 0,
    recent_outcomes        text[] not null default '{}',
    schedule_error         text,
    last_revision          bigint not null default 0
) with (fillfactor = 70);

comment on column job_state.decided_through is 'the last decided fire: catching up starts after it';
comment on column job_state.planned_revision is 'the revision of the job that next_fire_time was computed from';
comment on column job_state.active_executions is 'executions QUEUED or RUNNING, without the waiting one';
comment on column job_state.waiting_execution_id is 'the QUEUED execution that starts when the active ones have ended';
comment on column job_state.recent_outcomes is 'the last 30 outcomes, the newest last';
comment on column job_state.last_revision is
    'the revision at which the job was deleted; a new job of that id goes on from there, lest it be taken for the old one';

-- The zones that the service's own tzdata knows; filled by `migrate`, so that psql refuses what Python would.
create table time_zones (
    name text primary key
);
insert into time_zones values ('UTC');

create table service_state (
    only_row     boolean primary key default true check (only_row),
    -- Later instants cannot be read by Python, and would keep every replica from reading its jobs.
    paused_until timestamptz check (paused_until = 'infinity' or paused_until between '1970-01-01' and '9999-12-30'),
    pause_reason text,
    paused_by    text,
    -- CRONSOLE_START_PAUSED pauses a database once; whoever resumes is not overruled by the next start.
    was_started_paused boolean not null default false
);
insert into service_state default values;

create table job_changes (
    change_id        bigint generated always as identity primary key,
    job_id           text not null,
    operation        text not null check (operation in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')),
    changed_at       timestamptz not null default clock_timestamp(),
    changed_by       text not null,
    session_role     text not null default session_user,
    application_name text not null default current_setting('application_name'),
    transaction_id   xid8 not null default pg_current_xact_id(),
    revision         bigint,
    moves_plan       boolean not null default false,
    before           jsonb,
    after            jsonb
);
create index job_changes_by_job on job_changes (job_id, change_id desc);
-- Rows arrive in the order of time: a summary per range of pages is enough, and costs a bulk change nothing.
create index job_changes_by_time on job_changes using brin (changed_at);

comment on column job_changes.changed_by is 'the API subject where the service says so, else the session''s role';
comment on column job_changes.moves_plan is 'whether the change touched what decides fires';

-- The replicas and their leases. The lease is the right to claim and to run; times are the database's.
create table replicas (
    replica_id             uuid primary key,
    started_at             timestamptz not null default clock_timestamp(),
    lease_expires_at       timestamptz not null,
    version                text not null,
    handlers               text[] not null,
    listener_round_trip_ms double precision,
    clock_offset_ms        double precision,
    draining               boolean not null default false
);

-- One way to say no: the field, what is wrong, what is allowed. CR400 is bad input, CR404 and CR409 as in HTTP.
create function refuse_input(field text, message text, remedy text) returns void
language plpgsql as $$
begin
    raise exception using errcode = 'CR400', column = field, message = field || ': ' || message, hint = remedy;
end
$$;

-- Who acts. cronsole.actor can be set by anybody in psql, so it is believed only from the service's role or the
-- owner of the tables; the audit keeps the session's role beside it.
create function current_actor() returns text
language plpgsql stable as $$
declare
    said text := current_setting('cronsole.actor', true);
begin
    if coalesce(said, '') = '' then
        return session_user;
    end if;
    if pg_has_role(session_user, (select relowner from pg_class where oid = 'jobs'::regclass), 'member')
       or exists (select from pg_roles where rolname = 'cronsole_service' and pg_has_role(session_user, oid, 'member')) then
        return said;
    end if;
    return session_user;
end
$$;

-- What jsonb holds and Python cannot read would keep every replica from reading its jobs: numbers beyond a double,
-- and nesting without end.
create function validate_params(params jsonb) returns void
language plpgsql as $$
begin
    if params is null or jsonb_typeof(params) <> 'object' or octet_length(params::text) > 65536 then
        perform refuse_input('params', 'params must be a JSON object of at most 64 KB', 'such as ''{"symbols": ["IBM"]}''');
    end if;
    if jsonb_path_exists(params, '$.**{33}') then
        perform refuse_input('params', 'params are nested too deeply', 'at most 32 levels');
    end if;
    if jsonb_path_exists(params, '$.** ? (@.type() == "number" && (@ > 1e300 || @ < -1e300))') then
        perform refuse_input('params', 'params hold a number that is too large', 'from -1e300 to 1e300');
    end if;
end
$$;

create function validate_job(job jobs) returns void
language plpgsql as $$
begin
    if job.job_id is null or job.job_id !~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$' or job.job_id = 'history' then
        perform refuse_input('job_id', format('%L is no job id', left(job.job_id, 64)),
            '1 to 50 letters, digits, "_", "." or "-", the first a letter or digit; "history" is taken');
    end if;
    if job.display_name is null or btrim(job.display_name) = '' or char_length(job.display_name) > 100 then
        perform refuse_input('display_name', 'a job needs a name', '1 to 100 characters');
    end if;
    if char_length(job.description) > 4000 then
        perform refuse_input('description', 'the description is too long', 'at most 4,000 characters');
    end if;
    if job.job_group is null or btrim(job.job_group) = '' or char_length(job.job_group) > 50 then
        perform refuse_input('job_group', 'a job belongs to a group', '1 to 50 characters');
    end if;
    if job.handler is null or job.handler !~ '^[a-z][a-z0-9_.]*$' or char_length(job.handler) > 100 then
        perform refuse_input('handler', format('%L is no handler name', left(job.handler, 64)),
            'lower-case letters, digits, "_" and ".", the first a letter, such as ''marketdata.incremental''');
    end if;
    if job.params is distinct from '{}' then
        perform validate_params(job.params);
    end if;
    if job.enabled is null then
        perform refuse_input('enabled', 'a job is enabled or not', 'true or false');
    end if;
    if (job.paused_until = 'infinity' or job.paused_until between '1970-01-01' and '9999-12-30') is false then
        perform refuse_input('paused_until', format('%s is out of range', job.paused_until),
                             'an instant from 1970 to 9999, ''infinity'' until somebody resumes it, or null');
    end if;
    if char_length(job.pause_reason) > 500 then
        perform refuse_input('pause_reason', 'the reason is too long', 'at most 500 characters');
    end if;
    if job.schedule_type in ('CRON', 'MANUAL') is not true then
        perform refuse_input('schedule_type', format('%L is not allowed', left(job.schedule_type, 64)), 'one of CRON, MANUAL');
    end if;
    if job.overlap_policy in ('SKIP', 'QUEUE', 'ALLOW', 'REPLACE') is not true then
        perform refuse_input('overlap_policy', format('%L is not allowed', left(job.overlap_policy, 64)), 'one of SKIP, QUEUE, ALLOW, REPLACE');
    end if;
    if job.misfire_policy in ('COALESCE', 'SKIP', 'ALL') is not true then
        perform refuse_input('misfire_policy', format('%L is not allowed', left(job.misfire_policy, 64)), 'one of COALESCE, SKIP, ALL');
    end if;
    if job.clock_change_policy in ('ONCE', 'WALL') is not true then
        perform refuse_input('clock_change_policy', format('%L is not allowed', left(job.clock_change_policy, 64)), 'one of ONCE, WALL');
    end if;
    if job.on_lost in ('FAIL', 'RETRY') is not true then
        perform refuse_input('on_lost', format('%L is not allowed', left(job.on_lost, 64)), 'one of FAIL, RETRY');
    end if;
    if job.misfire_grace_seconds between 0 and 31536000 is not true then
        perform refuse_input('misfire_grace_seconds', format('%s is out of range', coalesce(job.misfire_grace_seconds::text, 'null')),
                             'a whole number from 0 to 31,536,000');
    end if;
    if job.timeout_seconds not between 1 and 604800 then
        perform refuse_input('timeout_seconds', format('%s is out of range', coalesce(job.timeout_seconds::text, 'null')),
                             'a whole number from 1 to 604,800, or null for no limit');
    end if;
    if job.max_attempts between 1 and 100 is not true then
        perform refuse_input('max_attempts', format('%s is out of range', coalesce(job.max_attempts::text, 'null')),
                             'a whole number from 1 to 100');
    end if;
    if job.retry_backoff_seconds between 0 and 86400 is not true then
        perform refuse_input('retry_backoff_seconds', format('%s is out of range', coalesce(job.retry_backoff_seconds::text, 'null')),
                             'a whole number from 0 to 86,400');
    end if;
    if job.overdue_after_seconds between 1 and 86400 is not true then
        perform refuse_input('overdue_after_seconds', format('%s is out of range', coalesce(job.overdue_after_seconds::text, 'null')),
                             'a whole number from 1 to 86,400');
    end if;
    if job.schedule_type = 'MANUAL' and job.schedule_cron is not null then
        perform refuse_input('schedule_cron', 'a MANUAL job has no schedule',
            'leave schedule_cron null, or set schedule_type to CRON in the same statement');
    end if;
    if job.schedule_type = 'CRON' and job.schedule_cron is null then
        perform refuse_input('schedule_cron', 'a CRON job needs a schedule',
            'six fields: second minute hour day-of-month month day-of-week, such as ''0 */5 * * * MON-FRI''');
    end if;
end
$$;

-- What only a change can get wrong: an old row stays editable when the zone data or the grammar moved on.
create function validate_change(job jobs, cron_is_new boolean, zone_is_new boolean, handler_is_new boolean)
returns void
language plpgsql as $$
declare
    fault record;
begin
    if cron_is_new and job.schedule_cron is not null then
        fault := cron_fault(job.schedule_cron);
        if fault.message is not null then
            perform refuse_input('schedule_cron', fault.message, fault.hint);
        end if;
    end if;
    -- Nested, because a condition that holds a query costs an executor even where its first half is false.
    if zone_is_new then
        if not exists (select from time_zones z where z.name = job.time_zone) then
            perform refuse_input('time_zone', format('unknown time zone %L', left(job.time_zone, 64)),
                                 'an IANA name such as ''America/New_York''; the table time_zones lists them');
        end if;
    end if;
    if handler_is_new then
        if not exists (select from replicas r where r.lease_expires_at > clock_timestamp()
                                                and job.handler = any (r.handlers)) then
            raise warning 'no live replica knows the handler % yet', quote_literal(job.handler)
                using hint = 'the job is stored; it runs once a replica that has the handler is deployed';
        end if;
    end if;
end
$$;

create function before_job_change() returns trigger
language plpgsql as $$
declare
    moved_to timestamptz;
    moves_plan boolean;
begin
    if tg_op = 'INSERT' then
        perform validate_job(new);
        perform validate_change(new, true, true, true);
        select s.last_revision + 1 into new.revision from job_state s where s.job_id = new.job_id;
        new.revision := coalesce(new.revision, 1);
        new.planned_from := clock_timestamp();
        new.created_at := new.planned_from;
        new.updated_at := new.planned_from;
        new.updated_by := current_actor();
        return new;
    end if;

    if (new.revision, new.planned_from, new.created_at, new.updated_at, new.updated_by)
       is distinct from (old.revision, old.planned_from, old.created_at, old.updated_at, old.updated_by) then
        moved_to := new.planned_from;
        new.revision := old.revision;
        new.planned_from := old.planned_from;
        new.created_at := old.created_at;
        new.updated_at := old.updated_at;
        new.updated_by := old.updated_by;
        if new is not distinct from old then
            -- The deferred move of planned_from (below) comes from inside a trigger, and changes nothing else.
            if pg_trigger_depth() > 1 and moved_to > old.planned_from and moved_to <= clock_timestamp() then
                new.planned_from := moved_to;
            end if;
            return new;
        end if;
    end if;
    if new.job_id is distinct from old.job_id then
        perform refuse_input('job_id', 'a job is never renamed', 'its history goes by the id; insert a new job instead');
    end if;
    perform validate_job(new);
    perform validate_change(new, new.schedule_cron is distinct from old.schedule_cron,
                            new.time_zone is distinct from old.time_zone, new.handler is distinct from old.handler);
    moves_plan := (new.schedule_cron, new.time_zone, new.clock_change_policy, new.schedule_type, new.enabled)
        is distinct from (old.schedule_cron, old.time_zone, old.clock_change_policy, old.schedule_type, old.enabled);
    new.revision := old.revision + 1;
    new.updated_at := clock_timestamp();
    new.updated_by := current_actor();
    if moves_plan then
        new.planned_from := greatest(new.updated_at, old.planned_from + interval '1 microsecond');
    end if;
    return new;
end
$$;

create trigger before_job_insert before insert on jobs
    for each row execute function before_job_change();
create trigger before_job_change before update on jobs
    for each row when (new.* is distinct from old.*) execute function before_job_change();

-- An id that is used again must not come back at a revision which a replica knows already: it would keep the timer
-- of the deleted job. The row of job_state stays, and remembers.
create function remember_last_revision() returns trigger
language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        insert into job_state (job_id, last_revision) values (old.job_id, old.revision)
        on conflict (job_id) do update set last_revision = excluded.last_revision;
        return old;
    end if;
    insert into job_state (job_id, last_revision) select j.job_id, j.revision from jobs j order by j.job_id
    on conflict (job_id) do update set last_revision = excluded.last_revision;
    return null;
end
$$;

create trigger before_job_delete before delete on jobs
    for each row execute function remember_last_revision();
create trigger before_job_truncate before truncate on jobs
    for each statement execute function remember_last_revision();

-- One row per transaction that moved a plan; its deferred trigger runs at the commit.
create table job_change_transactions (
    transaction_id  xid8 primary key,
    started_at      timestamptz not null,
    first_change_id bigint not null
);

create function announce_job_changes(ids text[]) returns void
language plpgsql as $$
declare
    payload text := array_to_string(ids, ',');
begin
    -- A payload of 8,000 bytes or more would fail the writer's transaction.
    perform pg_notify('cronsole_jobs', case when octet_length(payload) > 7900 then '*' else payload end);
end
$$;

create function after_job_change() returns trigger
language plpgsql
-- The plan of the first call in a session is kept, and counts on as many rows as that call had: after an edit of one
-- row, a nested loop over old and new rows would let a bulk change of 10,000 take seconds.
set enable_nestloop to off set enable_seqscan to off set jit to off
as $$
declare
    actor text := current_actor();
    changed text[];
    first_change_id bigint;
begin
    if tg_op = 'INSERT' then
        -- The BEFORE trigger cannot see a deletion under way, for whose end the insertion then waited.
        if exists (select from new_rows n
                    where n.revision <= (select s.last_revision from job_state s where s.job_id = n.job_id)) then
            raise exception using errcode = 'serialization_failure',
                message = 'a job of this id was deleted at the same moment', hint = 'repeat the statement';
        end if;
        insert into job_state (job_id) select n.job_id from new_rows n on conflict do nothing;
        with audit as (
            insert into job_changes (job_id, operation, changed_by, revision, moves_plan, after)
            select n.job_id, 'INSERT', actor, n.revision, true, to_jsonb(n) from new_rows n
            returning job_id, change_id)
        select array_agg(a.job_id), min(a.change_id) into changed, first_change_id from audit a;
    elsif tg_op = 'UPDATE' then
        with audit as (
            insert into job_changes (job_id, operation, changed_by, revision, moves_plan, before, after)
            select n.job_id, 'UPDATE', actor, n.revision, n.planned_from <> o.planned_from,
                   to_jsonb(o), to_jsonb(n)
              from new_rows n join old_rows o on o.job_id = n.job_id
             where n.revision <> o.revision
            returning job_id, change_id, moves_plan)
        select array_agg(a.job_id), min(a.change_id) filter (where a.moves_plan) into changed, first_change_id from audit a;
    elsif tg_op = 'DELETE' then
        with audit as (
            insert into job_changes (job_id, operation, changed_by, revision, before)
            select o.job_id, 'DELETE', actor, o.revision, to_jsonb(o) from old_rows o
            returning job_id)
        select array_agg(a.job_id) into changed from audit a;
    else
        insert into job_changes (job_id, operation, changed_by) values ('*', 'TRUNCATE', actor);
        changed := '{*}';
    end if;
    if changed is not null then
        perform announce_job_changes(changed);
    end if;
    if first_change_id is not null then
        insert into job_change_transactions values (pg_current_xact_id(), now(), first_change_id) on conflict do nothing;
    end if;
    return null;
end
$$;

create trigger after_job_insert after insert on jobs
    referencing new table as new_rows for each statement execute function after_job_change();
create trigger after_job_update after update on jobs
    referencing old table as old_rows new table as new_rows for each statement execute function after_job_change();
create trigger after_job_delete after delete on jobs
    referencing old table as old_rows for each statement execute function after_job_change();
create trigger after_job_truncate after truncate on jobs
    for each statement execute function after_job_change();

-- A BEFORE trigger's time is not the commit's: an edit left open for minutes in psql would catch up the fires that
-- the old schedule never named. So a transaction that lasted moves planned_from to its end, without a new revision.
create function move_planned_from() returns trigger
language plpgsql
-- A kept plan would go by the size that jobs had when it was made.
set plan_cache_mode to force_custom_plan
as $$
declare
    at_commit timestamptz := clock_timestamp();
begin
    -- Fires fall on whole seconds: crossing one matters however short the transaction was.
    if at_commit - new.started_at > interval '100 milliseconds'
       or date_trunc('second', at_commit) > date_trunc('second', new.started_at) then
        update jobs j set planned_from = at_commit
          from job_changes c
         where c.change_id >= new.first_change_id and c.transaction_id = new.transaction_id and c.moves_plan
           and j.job_id = c.job_id and j.planned_from < at_commit;
    end if;
    delete from job_change_transactions t where t.transaction_id = new.transaction_id;
    return null;
end
$$;

create constraint trigger move_planned_from after insert on job_change_transactions
    deferrable initially deferred for each row execute function move_planned_from();

-- Whoever may change a job may not therefore write its audit, its state or its plan by hand: these triggers write in
-- the owner's name, and look for tables in this schema alone, never among somebody's temporary ones.
do $$
declare
    name text;
begin
    foreach name in array '{remember_last_revision, after_job_change, move_planned_from}'::text[] loop
        execute format('alter function %I() security definer set search_path to %I, pg_temp', name, current_schema());
    end loop;
end
$$;
