-- What operators do from psql: trigger, pause, resume, cancel; and the views they look at. HTTP obeys the same rules.
--
-- Functions that write what the caller may not are SECURITY DEFINER: they check before they write, take names and
-- values only, and resolve everything in our schema (pg_temp last: a temporary table must not stand in for ours).
-- Whoever acts stays on record, because session_user is the caller there too.
select set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- Which parameters a manual trigger may override, by handler; published with the lease, so it is never out of date.
alter table replicas add column overridable jsonb not null default '{}';
comment on column replicas.overridable is 'handler: names of the parameters that a trigger may override';

-- Times at which no replica held a lease. Nobody is there to write the beginning of one after a crash; so whoever
-- comes next does, and the end with it.
create table lease_gaps (
    from_time timestamptz primary key,
    to_time   timestamptz not null default 'infinity',
    check (from_time <= to_time)
);
create index lease_gaps_by_end on lease_gaps (to_time);
insert into lease_gaps (from_time)
select clock_timestamp() where not exists (select from replicas r where r.lease_expires_at > clock_timestamp());

-- Make a replica's lease last p_lease_seconds from now; the answer is this clock.
create function renew_lease(
    p_replica_id uuid, p_lease_seconds double precision, p_version text, p_handlers text[], p_overridable jsonb,
    p_listener_round_trip_ms double precision, p_clock_offset_ms double precision, p_draining boolean)
returns timestamptz
language plpgsql as $$
begin
    if not exists (select from replicas r where r.lease_expires_at > clock_timestamp()) then
        update lease_gaps g set to_time = clock_timestamp() where g.to_time = 'infinity';
        if not found then
            insert into lease_gaps (from_time, to_time)
            -- Another replica may have joined since the look above: then there is no gap to write down.
            select max(r.lease_expires_at), clock_timestamp() from replicas r
            having max(r.lease_expires_at) < clock_timestamp()
            on conflict do nothing;
        end if;
    end if;
    insert into replicas as r (replica_id, lease_expires_at, version, handlers, overridable, listener_round_trip_ms,
                               clock_offset_ms, draining)
    values (p_replica_id, clock_timestamp() + p_lease_seconds * interval '1 second', p_version, p_handlers,
            p_overridable, p_listener_round_trip_ms, p_clock_offset_ms, p_draining)
    on conflict (replica_id) do update
       set lease_expires_at = excluded.lease_expires_at,
           listener_round_trip_ms = excluded.listener_round_trip_ms,
           clock_offset_ms = excluded.clock_offset_ms,
           draining = excluded.draining;
    return clock_timestamp();
end
$$;

-- A replica leaves; the last one begins a gap, at the latest where the last lease ended.
create function give_up_lease(p_replica_id uuid) returns void
language plpgsql as $$
declare
    lease_end timestamptz;
begin
    delete from replicas r where r.replica_id = p_replica_id returning r.lease_expires_at into lease_end;
    if found and not exists (select from replicas r where r.lease_expires_at > clock_timestamp())
       and not exists (select from lease_gaps g where g.to_time = 'infinity') then
        insert into lease_gaps (from_time)
        select least(clock_timestamp(), greatest(lease_end, max(r.lease_expires_at))) from replicas r
        on conflict do nothing;
    end if;
end
$$;

-- Refuse parameters that are not every live replica's to override: any of them may run the execution.
create function refuse_overrides(handler text, params jsonb) returns void
language plpgsql stable as $$
declare
    allowed text[];
    refused text;
begin
    select coalesce(array_agg(n.name order by n.name), '{}') into allowed
      from (select o.name
              from replicas r, jsonb_array_elements_text(r.overridable -> refuse_overrides.handler) o (name)
             where r.lease_expires_at > clock_timestamp() and refuse_overrides.handler = any (r.handlers)
             group by o.name
            having count(*) = (select count(*) from replicas l where l.lease_expires_at > clock_timestamp()
                                                                 and refuse_overrides.handler = any (l.handlers))) n;
    select k.name into refused from jsonb_object_keys(refuse_overrides.params) k (name)
     where k.name <> all (allowed) order by k.name limit 1;
    if refused is not null then
        perform refuse_input('params', format('a trigger may not override %L', left(refused, 64)),
            'overridable: ' || coalesce(nullif(array_to_string(allowed, ', '), ''), 'none'));
    end if;
    -- A placeholder is filled with a secret of the replica; only who may write jobs.params may place one.
    if position('${secret:' in refuse_overrides.params::text) > 0 then
        perform refuse_input('params', 'a trigger may not name a secret', 'placeholders stand in the job''s own params');
    end if;
end
$$;

create function refuse_unknown_job(job_id text) returns void
language plpgsql as $$
begin
    raise exception using errcode = 'CR404', message = format('there is no job %L', left(refuse_unknown_job.job_id, 64)),
        hint = 'SELECT job_id FROM jobs; lists them';
end
$$;

-- SELECT trigger_job('MARKETDATA_BACKFILL');  SELECT trigger_job('MARKETDATA_BACKFILL', '{"symbols": ["IBM"]}');
create function trigger_job(job_id text, params jsonb default '{}') returns uuid
language plpgsql security definer
set search_path from current
as $$
#variable_conflict use_column
declare
    job_handler text;
    answer record;
begin
    if jsonb_typeof(trigger_job.params) is distinct from 'object' or octet_length(trigger_job.params::text) > 65536 then
        perform refuse_input('params', 'params must be a JSON object of at most 64 KB', 'such as ''{"symbols": ["IBM"]}''');
    end if;
    if trigger_job.params <> '{}' then
        -- The lock that request_execution takes too: the handler checked here is the one that will run.
        select j.handler into job_handler from jobs j where j.job_id = trigger_job.job_id for share;
        if found then
            perform refuse_overrides(job_handler, trigger_job.params);
        end if;
    end if;
    select * into answer
      from request_execution(trigger_job.job_id, new_execution_id(), trigger_job.params, 'SQL', current_actor());
    case answer.verdict
        when 'UNKNOWN' then
            perform refuse_unknown_job(trigger_job.job_id);
        when 'DISABLED' then
            raise exception using errcode = 'CR409', message = format('job %L is disabled', trigger_job.job_id),
                hint = format('UPDATE jobs SET enabled = true WHERE job_id = %L;', trigger_job.job_id);
        when 'NO_HANDLER' then
            raise exception using errcode = 'CR409',
                message = format('no live replica knows the handler %L of job %L', answer.handler, trigger_job.job_id),
                hint = 'start a replica that has the handler';
        when 'OVERLAP' then
            raise exception using errcode = 'CR409',
                message = format('job %L has an unfinished execution, %s', trigger_job.job_id, answer.execution_id),
                hint = 'wait for its end; the column overlap_policy decides whether a second one may start';
        else
            perform pg_notify('cronsole_events', '{"type":"queued"}');
            if answer.verdict = 'WAITING' then
                -- It may wait for executions that are to be cancelled: the overlap policy REPLACE.
                perform pg_notify('cronsole_events', '{"type":"cancel"}');
            end if;
    end case;
    return answer.execution_id;
end
$$;

create function refuse_pause(reason text, until timestamptz) returns void
language plpgsql as $$
begin
    if refuse_pause.until > clock_timestamp() is not true then
        perform refuse_input('until', 'a pause ends in the future',
            'an instant to come; leave it out to pause until resumed');
    end if;
    if char_length(refuse_pause.reason) > 500 then
        perform refuse_input('reason', 'the reason is too long', 'at most 500 characters');
    end if;
end
$$;

create function until_text(until timestamptz) returns text
language sql stable as $$
    select case when until = 'infinity' then 'until resumed'
                else 'until ' || to_char(until at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC' end
$$;

-- SELECT pause_job('MARKETDATA_INCREMENTAL', 'exchange closed', now() + interval '2 hours');
-- A fire of a paused job goes into the ledger as PAUSED; a trigger still works.
create function pause_job(job_id text, reason text default null, until timestamptz default 'infinity') returns text
language plpgsql
set search_path from current
as $$
#variable_conflict use_column
begin
    perform refuse_pause(pause_job.reason, pause_job.until);
    update jobs j set paused_until = pause_job.until, pause_reason = pause_job.reason where j.job_id = pause_job.job_id;
    if not found then
        perform refuse_unknown_job(pause_job.job_id);
    end if;
    return format('job %s is paused %s', pause_job.job_id, until_text(pause_job.until));
end
$$;

create function resume_job(job_id text) returns text
language plpgsql
set search_path from current
as $$
#variable_conflict use_column
declare
    is_enabled boolean;
begin
    update jobs j set paused_until = null, pause_reason = null where j.job_id = resume_job.job_id
    returning j.enabled into is_enabled;
    if not found then
        perform refuse_unknown_job(resume_job.job_id);
    end if;
    return format('job %s is resumed', resume_job.job_id)
        || case when not is_enabled then ', but it is disabled'
                when exists (select from service_state s where paused_now(s.paused_until))
                then ', but all jobs are paused: SELECT resume_all();' else '' end;
end
$$;

-- SELECT pause_all('upgrade of the exchange link');
create function pause_all(reason text default null, until timestamptz default 'infinity') returns text
language plpgsql security definer
set search_path from current
as $$
begin
    perform refuse_pause(pause_all.reason, pause_all.until);
    update service_state set paused_until = pause_all.until, pause_reason = pause_all.reason, paused_by = current_actor();
    return format('all jobs are paused %s', until_text(pause_all.until));
end
$$;

create function resume_all() returns text
language plpgsql security definer
set search_path from current
as $$
declare
    still_paused bigint;
begin
    update service_state set paused_until = null, pause_reason = null, paused_by = null;
    select count(*) into still_paused from jobs j where paused_now(j.paused_until);
    return 'the pause of all jobs has ended'
        || case when still_paused > 0 then format('; %s are still paused by themselves', still_paused) else '' end;
end
$$;

-- The pause of all is audited as every change of a job is, under the job id '*'.
alter table job_changes drop constraint job_changes_operation_check;
alter table job_changes add constraint job_changes_operation_check
    check (operation in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'PAUSE', 'RESUME'));

create function after_pause_change() returns trigger
language plpgsql security definer
set search_path from current
as $$
begin
    insert into job_changes (job_id, operation, changed_by, before, after)
    values ('*', case when paused_now(new.paused_until) then 'PAUSE' else 'RESUME' end, current_actor(),
            to_jsonb(old), to_jsonb(new));
    perform announce_job_changes('{*}');
    return null;
end
$$;

create trigger after_pause_change after update on service_state for each row
    when ((old.paused_until, old.pause_reason) is distinct from (new.paused_until, new.pause_reason))
    execute function after_pause_change();

-- SELECT cancel_execution('0190…');  CANCELLED: it had not started. CANCEL_REQUESTED: its replica stops it in a moment.
create function cancel_execution(execution_id uuid) returns text
language plpgsql security definer
set search_path from current
as $$
#variable_conflict use_column
declare
    actor text := current_actor();
    execution job_executions;
begin
    -- No key update: the run's own transactions hold a key share, and must not be waited for.
    select * into execution from job_executions x where x.execution_id = cancel_execution.execution_id for no key update;
    if not found then
        raise exception using errcode = 'CR404', table = 'job_executions',
            message = format('there is no execution %s', coalesce(cancel_execution.execution_id::text, 'null')),
            hint = 'SELECT execution_id, job_id FROM job_executions WHERE status IN (''QUEUED'', ''RUNNING''); '
                   'lists those to cancel';
    end if;
    if execution.status not in ('QUEUED', 'RUNNING') then
        raise exception using errcode = 'CR409', table = 'job_executions',
            message = format('execution %s of job %L has ended already, as %s', execution.execution_id, execution.job_id,
                             execution.status),
            hint = 'only what is QUEUED or RUNNING can be cancelled';
    end if;
    if execution.status = 'RUNNING' then
        update job_executions x
           set cancel_requested_at = coalesce(x.cancel_requested_at, clock_timestamp()),
               cancel_requested_by = coalesce(x.cancel_requested_by, actor)
         where x.execution_id = execution.execution_id;
    else
        update job_executions x
           set status = 'CANCELLED', end_time = clock_timestamp(), duration_ms = 0,
               cancel_requested_at = coalesce(x.cancel_requested_at, clock_timestamp()),
               cancel_requested_by = coalesce(x.cancel_requested_by, actor),
               error_details = x.error_details
                   || jsonb_build_array('cancelled before it started, by ' || coalesce(x.cancel_requested_by, actor))
         where x.execution_id = execution.execution_id;
        perform settle_jobs(array[execution.execution_id], '{0}');
    end if;
    perform pg_notify('cronsole_events', json_build_object('type', 'cancel', 'executionId', execution.execution_id)::text);
    return case execution.status when 'RUNNING' then 'CANCEL_REQUESTED' else 'CANCELLED' end;
end
$$;

-- One line per job. The state's next fire time counts only where it was planned from the row as it is now.
create view job_overview as
select j.job_id, j.display_name, j.job_group,
       case when coalesce(s.active_executions > 0 or s.waiting_execution_id is not null, false) then 'RUNNING'
            when p.paused_by is not null then 'PAUSED' else 'IDLE' end as status,
       p.paused_by, nullif(j.paused_until, 'infinity') as paused_until, j.pause_reason,
       j.schedule_type, j.schedule_cron, j.time_zone,
       case when p.paused_by is null and s.planned_revision = j.revision then s.next_fire_time end as next_fire_time,
       case when p.paused_by is null and s.planned_revision = j.revision and s.next_fire_time < clock_timestamp()
            then clock_timestamp() - s.next_fire_time end as late_by,
       s.last_start_time, s.last_status, s.last_duration_ms * interval '1 millisecond' as last_duration,
       s.last_execution_id, coalesce(s.failures_in_succession, 0) as failures_in_succession,
       s.schedule_error, j.enabled, j.handler, j.revision, j.updated_at, j.updated_by
  from jobs j
  left join job_state s on s.job_id = j.job_id
  left join service_state a on a.only_row
 cross join lateral (select case when not j.enabled then 'DISABLED' when paused_now(j.paused_until) then 'JOB'
                                 when paused_now(a.paused_until) then 'ALL' end as paused_by) p
 order by j.job_id;

-- Jobs whose fire should have been decided, or whose row should have been planned, longer ago than the job allows.
create view job_overdue as
select j.job_id, j.display_name, o.due_time, clock_timestamp() - o.due_time as late_by,
       case when o.is_planned then 'the fire is due, and no replica has decided it'
            else format('no replica has planned revision %s', j.revision) end as reason
  from jobs j
  join service_state a on a.only_row
  left join job_state s on s.job_id = j.job_id
 cross join lateral (select s.planned_revision is not distinct from j.revision as is_planned,
                            case when s.planned_revision is not distinct from j.revision then s.next_fire_time
                                 else j.updated_at end as due_time) o
 where j.enabled and j.schedule_type = 'CRON' and not paused_now(j.paused_until) and not paused_now(a.paused_until)
   and o.due_time < clock_timestamp() - j.overdue_after_seconds * interval '1 second'
 order by o.due_time;

-- What failed in the last seven days, newest first, with the first of its error messages.
create view recent_failures as
select x.execution_id, x.job_id, x.status, x.start_time, x.duration_ms * interval '1 millisecond' as duration,
       x.error_details ->> 0 as error, x.error_count, x.attempt, x.triggered_by, x.requested_by, x.fire_time
  from job_executions x
 where x.status in ('FAILED', 'TIMEOUT', 'LOST') and x.start_time > clock_timestamp() - interval '7 days'
 order by x.start_time desc, x.execution_id desc;
