-- Deciding fires. The shape of claim_fires decides its truth: lock and decide in separate statements, because only a
-- new snapshot after the lock sees what the lock waited for; rows of job_state in key order, then rows of jobs, both
-- skipping what somebody else holds, so that a claim waits for nobody and deadlocks with nobody.
--
-- Whoever locks more than one kind of row takes them in the order jobs, job_executions, job_state; a claim, which
-- goes the other way, skips instead of waiting.

-- UUIDv7: RFC 9562, section 5.7.
create function new_execution_id() returns uuid
language sql volatile as $$
    select encode(set_bit(set_bit(overlay(
        uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
        52, 1), 53, 1), 'hex')::uuid
$$;

-- The overlap rule, for fires and manual triggers alike. `earlier` counts the starts of the same job that the same
-- call decided before this one. RUN, WAIT (behind the active one), REPLACE (cancel the active one and wait), SKIP.
create function overlap_verdict(policy text, active integer, is_waiting boolean, earlier integer) returns text
language sql immutable as $$
    select case
        when policy = 'ALLOW' or active + earlier = 0 and not is_waiting then 'RUN'
        when is_waiting or policy = 'SKIP' then 'SKIP'
        when policy = 'QUEUE' and least(active, 1) + earlier = 1 then 'WAIT'
        when policy = 'REPLACE' and earlier = 0 then 'REPLACE'
        else 'SKIP'
    end
$$;

create function paused_now(until timestamptz) returns boolean
language sql stable as $$
    select coalesce(until > clock_timestamp(), false)
$$;

-- Planning the set-wise functions costs three times what a call for one row does, so small calls go by kept plans, which
-- use indexes whatever the tables' size was when they were made. Large calls are planned each time, since only a plan
-- made for these very arrays knows how long they are; and without nested loops: nobody knows how many rows a filter
-- leaves, or how many a table has that was analyzed while it was empty, and where the guess is one, a nested loop over
-- 10,000 takes ten seconds. The function that calls this has a SET clause for all three, which ends them with it.
create function plan_by_size(p_size integer) returns void
language plpgsql as $$
begin
    if p_size > 100 then
        perform set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'on', true),
                set_config('enable_nestloop', 'off', true);
    end if;
end
$$;

-- Decide fires for one replica: one row of arrays per fire, one verdict per fire.
--   p_kinds: FIRE and CATCH_UP want an execution; COALESCED and MISSED only a row of the ledger, with p_reasons,
--            p_covers_from and p_fires_covered where one row sums many.
--   p_following: the fire time after this one, null for none.
-- Verdicts: RUN (this replica owns the execution, fencing number 1, and starts it now), QUEUED, WAITING, SKIPPED,
--   PAUSED, NO_HANDLER, RECORDED: decided by this call. TAKEN (decided before), OWN (decided before, by this very
--   execution id). EARLY (early_by_ms left by the database's clock), DISABLED, STALE (the row has changed: read it
--   again), UNKNOWN, BUSY, BEING_EDITED (ask again in milliseconds), NO_LEASE: nothing decided.
create function claim_fires(
    p_replica_id uuid, p_free_slots integer,
    p_job_ids text[], p_fire_times timestamptz[], p_revisions bigint[], p_execution_ids uuid[],
    p_following timestamptz[], p_kinds text[], p_reasons text[],
    p_covers_from timestamptz[], p_fires_covered integer[], p_window_starts timestamptz[])
returns table (ordinal bigint, verdict text, early_by_ms double precision)
language plpgsql
set plan_cache_mode to force_generic_plan set enable_seqscan to off set enable_nestloop to on set jit to off
as $$
declare
    v_handlers text[];
    v_locked text[];
    v_readable text[];
    v_now timestamptz;
    v_live_handlers text[];
    v_all_paused boolean;
    v_pause_reason text;
begin
    perform plan_by_size(cardinality(p_job_ids));
    select r.handlers into v_handlers from replicas r
     where r.replica_id = p_replica_id and r.lease_expires_at > clock_timestamp() and not r.draining;
    if not found then
        return query select i, 'NO_LEASE', null::double precision from generate_series(1, cardinality(p_job_ids)::bigint) i;
        return;
    end if;

    select array_agg(locked.job_id) into v_locked from (
        select s.job_id from job_state s
         where s.job_id in (
               select f.job_id from unnest(p_job_ids, p_fire_times) f (job_id, fire_time)
                where not exists (select from job_fires d where d.job_id = f.job_id and d.fire_time = f.fire_time
                                                            and d.fire_time = any (p_fire_times)))
         order by s.job_id for update skip locked) locked;

    if v_locked is null then
        -- Nothing to decide here: what a replica that lost every fire pays.
        return query
        select f.nr,
               case when d.execution_id = f.execution_id then 'OWN' when d.job_id is not null then 'TAKEN'
                    when exists (select from jobs j where j.job_id = f.job_id) then 'BUSY' else 'UNKNOWN' end,
               null::double precision
          from unnest(p_job_ids, p_fire_times, p_execution_ids) with ordinality
                   as f (job_id, fire_time, execution_id, nr)
          left join job_fires d on d.job_id = f.job_id and d.fire_time = f.fire_time
                               and d.fire_time = any (p_fire_times);
        return;
    end if;

    select array_agg(readable.job_id) into v_readable from (
        select j.job_id from jobs j where j.job_id = any (v_locked)
         order by j.job_id for share skip locked) readable;

    select array_agg(distinct h.name) into v_live_handlers
      from replicas r, unnest(r.handlers) h (name) where r.lease_expires_at > clock_timestamp();
    select paused_now(t.paused_until), t.pause_reason into v_all_paused, v_pause_reason from service_state t;
    v_now := clock_timestamp();

    return query
    with asked as materialized (
        select f.ordinality as nr, f.job_id, f.fire_time, f.revision, f.execution_id, f.following, f.kind, f.reason,
               f.covers_from, f.fires_covered, f.window_start
          from unnest(p_job_ids, p_fire_times, p_revisions, p_execution_ids, p_following, p_kinds, p_reasons,
                      p_covers_from, p_fires_covered, p_window_starts) with ordinality
            as f (job_id, fire_time, revision, execution_id, following, kind, reason,
                  covers_from, fires_covered, window_start, ordinality)
    ), judged as materialized (
        select a.nr, a.job_id, a.fire_time, a.revision, a.execution_id, a.following, a.kind, a.reason, a.covers_from,
               a.fires_covered, a.window_start,
               j.display_name, j.handler, j.params, j.overlap_policy, j.pause_reason,
               s.active_executions, s.waiting_execution_id is not null as is_waiting,
               case
                   when d.execution_id = a.execution_id then 'OWN'
                   when d.job_id is not null then 'TAKEN'
                   when j.job_id is null then 'UNKNOWN'
                   when (a.job_id = any (v_locked)) is not true then 'BUSY'
                   when (a.job_id = any (v_readable)) is not true then 'BEING_EDITED'
                   when not j.enabled or j.schedule_type <> 'CRON' then 'DISABLED'
                   when j.revision <> a.revision or a.fire_time <= j.planned_from then 'STALE'
                   when a.fire_time <= s.decided_through then 'TAKEN'
                   when a.fire_time > v_now then 'EARLY'
                   when a.kind not in ('FIRE', 'CATCH_UP') then 'RECORDED'
                   when v_all_paused or paused_now(j.paused_until) then 'PAUSED'
                   when j.handler <> all (v_live_handlers) then 'NO_HANDLER'
                   else 'START'
               end as judgement
          from asked a
          left join jobs j on j.job_id = a.job_id
          left join job_state s on s.job_id = a.job_id
          left join job_fires d on d.job_id = a.job_id and d.fire_time = a.fire_time
                               and d.fire_time = any (p_fire_times)
    ), ruled as materialized (
        -- A fire that stands twice in one call is decided once.
        select g.*,
               case when g.fire_time = g.fire_before and g.judgement in ('START', 'PAUSED', 'NO_HANDLER', 'RECORDED')
                    then 'TAKEN'
                    when g.judgement = 'START'
                    then overlap_verdict(g.overlap_policy, g.active_executions, g.is_waiting, g.earlier)
                    else g.judgement end as ruling
          from (select o.*, (dense_rank() over same_job - 1)::integer as earlier,
                       lag(o.fire_time) over same_job as fire_before
                  from judged o
                window same_job as (partition by o.job_id, o.judgement order by o.fire_time)) g
    ), placed as materialized (
        select r.*, r.ruling = 'RUN' and r.handler = any (v_handlers)
                    and row_number() over (partition by r.ruling = 'RUN' and r.handler = any (v_handlers)
                                           order by r.fire_time, r.nr) <= p_free_slots as starts_here
          from ruled r
    ), ledger as (
        insert into job_fires (job_id, fire_time, outcome, reason, revision, replica_id, execution_id,
                               fires_covered, covers_from)
        select p.job_id, p.fire_time,
               case p.ruling when 'RECORDED' then p.kind when 'SKIP' then 'SKIPPED_OVERLAP' when 'PAUSED' then 'PAUSED'
                             when 'NO_HANDLER' then 'NO_HANDLER' else 'STARTED' end,
               case p.ruling
                   when 'RECORDED' then p.reason
                   when 'SKIP' then 'the job has an unfinished execution, and its overlap policy is ' || p.overlap_policy
                   when 'PAUSED' then case when v_all_paused then 'all jobs are paused' else 'the job is paused' end
                       || coalesce(': ' || case when v_all_paused then v_pause_reason else p.pause_reason end, '')
                   when 'NO_HANDLER' then format('no live replica knows the handler %L', p.handler)
                   else p.reason end,
               p.revision, p_replica_id,
               case when p.ruling in ('RUN', 'WAIT', 'REPLACE') then p.execution_id end,
               p.fires_covered, p.covers_from
          from placed p
         where p.ruling in ('RUN', 'WAIT', 'REPLACE', 'SKIP', 'PAUSED', 'NO_HANDLER', 'RECORDED')
    ), started as (
        insert into job_executions (execution_id, job_id, job_name, handler, start_time, status, triggered_by, fire_time,
                                    window_start, window_end, fencing_number, replica_id, params)
        select p.execution_id, p.job_id, p.display_name, p.handler, v_now,
               case when p.starts_here then 'RUNNING' else 'QUEUED' end,
               case p.kind when 'FIRE' then 'SCHEDULE' else 'CATCH_UP' end, p.fire_time,
               p.window_start, case when p.window_start is not null then p.fire_time end,
               case when p.starts_here then 1 else 0 end,
               case when p.starts_here then p_replica_id end, p.params
          from placed p
         where p.ruling in ('RUN', 'WAIT', 'REPLACE')
    ), state as (
        update job_state s
           set decided_through = c.last_fire,
               next_fire_time = c.following,
               planned_revision = c.revision,
               active_executions = s.active_executions + c.starts,
               waiting_execution_id = coalesce(c.waiting, s.waiting_execution_id),
               last_execution_id = coalesce(c.running, s.last_execution_id),
               last_start_time = case when c.running is not null then v_now else s.last_start_time end,
               schedule_error = null
          from (select p.job_id, max(p.fire_time) as last_fire, max(p.revision) as revision,
                       (array_agg(p.following order by p.fire_time desc))[1] as following,
                       (count(*) filter (where p.ruling = 'RUN'))::integer as starts,
                       (array_agg(p.execution_id) filter (where p.ruling in ('WAIT', 'REPLACE')))[1] as waiting,
                       (array_agg(p.execution_id order by p.fire_time desc) filter (where p.starts_here))[1] as running
                  from placed p
                 where p.ruling in ('RUN', 'WAIT', 'REPLACE', 'SKIP', 'PAUSED', 'NO_HANDLER', 'RECORDED')
                 group by p.job_id) c
         where s.job_id = c.job_id
    ), replaceable as materialized (
        -- Locked rows are being closed already; waiting for them here could deadlock. The lock is the one that a run's
        -- own transaction, which holds a key share, leaves room for.
        select y.execution_id from job_executions y join placed p on p.job_id = y.job_id
         where p.ruling = 'REPLACE' and y.status in ('QUEUED', 'RUNNING') and y.cancel_requested_at is null
           for no key update of y skip locked
    ), replaced as (
        update job_executions x
           set cancel_requested_at = v_now, cancel_requested_by = 'overlap policy REPLACE'
         where x.execution_id = any (array(select r.execution_id from replaceable r))
    )
    select p.nr,
           case p.ruling when 'RUN' then case when p.starts_here then 'RUN' else 'QUEUED' end
                         when 'WAIT' then 'WAITING' when 'REPLACE' then 'WAITING' when 'SKIP' then 'SKIPPED'
                         else p.ruling end,
           case when p.ruling = 'EARLY' then extract(epoch from p.fire_time - v_now)::double precision * 1000 end
      from placed p;
end
$$;

-- Ask for an execution outside the schedule. The answer is one row: QUEUED or WAITING with the execution, or the
-- refusal UNKNOWN, DISABLED, OVERLAP (with the execution that blocks), NO_HANDLER. A repeat with the same execution id
-- finds what the first call did, also when both are under way at once. A pause does not block it.
create function request_execution(
    p_job_id text, p_execution_id uuid, p_params jsonb, p_triggered_by text, p_requested_by text)
returns table (verdict text, execution_id uuid, handler text)
language plpgsql as $$
#variable_conflict use_column
declare
    job jobs;
    state job_state;
    ruling text;
begin
    perform from jobs j where j.job_id = p_job_id for share;
    insert into job_state (job_id) select j.job_id from jobs j where j.job_id = p_job_id on conflict do nothing;
    perform from job_state s where s.job_id = p_job_id for update;
    return query
        select case when s.waiting_execution_id = x.execution_id then 'WAITING' else 'QUEUED' end, x.execution_id, x.handler
          from job_executions x left join job_state s on s.job_id = x.job_id
         where x.execution_id = p_execution_id;
    if found then
        return;
    end if;
    select * into job from jobs j where j.job_id = p_job_id;
    if not found then
        return query select 'UNKNOWN', null::uuid, null::text;
        return;
    end if;
    select * into state from job_state s where s.job_id = p_job_id;
    if not job.enabled then
        return query select 'DISABLED', null::uuid, job.handler;
        return;
    end if;
    if not exists (select from replicas r
                    where r.lease_expires_at > clock_timestamp() and job.handler = any (r.handlers)) then
        return query select 'NO_HANDLER', null::uuid, job.handler;
        return;
    end if;
    ruling := overlap_verdict(job.overlap_policy, state.active_executions, state.waiting_execution_id is not null, 0);
    if ruling = 'SKIP' then
        return query
            select 'OVERLAP', (select x.execution_id from job_executions x
                                where x.job_id = p_job_id and x.status in ('QUEUED', 'RUNNING')
                                order by x.start_time desc limit 1), job.handler;
        return;
    end if;

    insert into job_executions (execution_id, job_id, job_name, handler, status, triggered_by, requested_by, params)
    values (p_execution_id, p_job_id, job.display_name, job.handler, 'QUEUED', p_triggered_by, p_requested_by,
            job.params || coalesce(p_params, '{}'));
    if ruling = 'RUN' then
        update job_state s set active_executions = s.active_executions + 1 where s.job_id = p_job_id;
    else
        update job_state s set waiting_execution_id = p_execution_id where s.job_id = p_job_id;
    end if;
    if ruling = 'REPLACE' then
        with replaceable as materialized (
            select y.execution_id from job_executions y
             where y.job_id = p_job_id and y.status in ('QUEUED', 'RUNNING') and y.cancel_requested_at is null
               and y.execution_id <> p_execution_id
               for no key update skip locked
        )
        update job_executions x set cancel_requested_at = clock_timestamp(), cancel_requested_by = p_requested_by
          from replaceable r
         where x.execution_id = r.execution_id;
    end if;
    return query select case ruling when 'RUN' then 'QUEUED' else 'WAITING' end, p_execution_id, job.handler;
end
$$;
