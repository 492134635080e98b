-- The life of an execution after its claim: taken from the queue, closed with an outcome, reaped when its owner died.
-- Order of locks: rows of job_executions, then rows of job_state in key order.
-- How they are planned: see plan_by_size.

-- Take QUEUED executions that this replica can run, oldest first; the answer is their ids.
create function take_executions(p_replica_id uuid, p_limit integer) returns setof uuid
language plpgsql
set plan_cache_mode to force_custom_plan
as $$
#variable_conflict use_column
declare
    v_handlers text[];
    v_taken uuid[];
begin
    select r.handlers into v_handlers from replicas r
     where r.replica_id = p_replica_id and r.lease_expires_at > clock_timestamp() and not r.draining;
    if not found then
        return;
    end if;
    with takeable as (
        select x.execution_id from job_executions x
         where x.status = 'QUEUED' and x.not_before <= clock_timestamp() and x.cancel_requested_at is null
           and x.handler = any (v_handlers)
           and not exists (select from job_state s
                            where s.job_id = x.job_id and s.waiting_execution_id = x.execution_id)
         order by x.not_before, x.execution_id
         limit p_limit for update of x skip locked
    ), taken as (
        update job_executions x
           set status = 'RUNNING', replica_id = p_replica_id, fencing_number = x.fencing_number + 1,
               start_time = clock_timestamp()
          from takeable t
         where x.execution_id = t.execution_id
        returning x.execution_id, x.not_before
    )
    select array_agg(execution_id order by not_before, execution_id) into v_taken from taken;
    if v_taken is null then
        return;
    end if;

    perform from job_state s
      where s.job_id in (select x.job_id from job_executions x where x.execution_id = any (v_taken))
      order by s.job_id for update;
    update job_state s set last_execution_id = x.execution_id, last_start_time = x.start_time
      from (select y.job_id, max(y.start_time) as start_time,
                   (array_agg(y.execution_id order by y.start_time desc))[1] as execution_id
              from job_executions y
             where y.execution_id = any (v_taken)
             group by y.job_id) x
     where s.job_id = x.job_id;
    return query select unnest(v_taken);
end
$$;

create function add_counts(a bigint[], b bigint[]) returns bigint[]
language sql immutable as $$
    select array_agg(x + y order by i) from unnest(a, b) with ordinality as u (x, y, i)
$$;

-- The bucket of a duration, 1 to 16; the bounds stand at job_execution_stats.
create function duration_bucket(duration_ms bigint) returns integer
language sql immutable as $$
    select 1 + width_bucket(duration_ms - 1, '{100,250,500,1000,2500,5000,10000,30000,60000,120000,300000,600000,1800000,3600000,10800000}'::bigint[])
$$;

-- After executions have ended, in this order: counters, statistics, the waiting execution's turn. The rows of
-- job_executions are locked and updated already. `p_kept` counts, per ended execution, whether a successor keeps the
-- job active (1) or not (0).
create function settle_jobs(p_execution_ids uuid[], p_kept integer[]) returns void
language plpgsql
as $$
begin
    perform from job_state s
      where s.job_id = any (array(select x.job_id from job_executions x where x.execution_id = any (p_execution_ids)))
      order by s.job_id for update;

    with ended as (
        select x.job_id, x.execution_id, x.status, x.start_time, x.duration_ms, k.kept,
               row_number() over (partition by x.job_id order by k.nr desc) as newest
          from unnest(p_execution_ids, p_kept) with ordinality k (execution_id, kept, nr)
          join job_executions x on x.execution_id = k.execution_id
         where x.execution_id = any (p_execution_ids)
    ), judged as (
        select e.*, min(e.newest) filter (where e.status = 'SUCCESS') over (partition by e.job_id) as latest_success
          from ended e
    ), per_job as (
        select e.job_id, array_agg(e.execution_id) as execution_ids, count(*) - sum(e.kept) as ended,
               array_agg(e.status order by e.newest desc) as outcomes,
               count(*) filter (where e.status in ('FAILED', 'TIMEOUT', 'LOST')
                                  and e.newest < coalesce(e.latest_success, 9223372036854775807)) as failures,
               bool_or(e.latest_success is not null) as succeeded,
               (array_agg(e.execution_id) filter (where e.newest = 1))[1] as last_execution_id,
               max(e.start_time) filter (where e.newest = 1) as last_start_time,
               max(e.status) filter (where e.newest = 1) as last_status,
               max(e.duration_ms) filter (where e.newest = 1) as last_duration_ms
          from judged e
         group by e.job_id
    ), counted as (
        select p.*, coalesce(s.waiting_execution_id = any (p.execution_ids), false) as waiting_ended,
               s.active_executions - p.ended
               + case when s.waiting_execution_id = any (p.execution_ids) then 1 else 0 end as active
          from per_job p join job_state s on s.job_id = p.job_id
         where s.job_id = any (array(select q.job_id from per_job q))
    )
    update job_state s
       set active_executions = case
               when p.active <= 0 and s.waiting_execution_id is not null and not p.waiting_ended then 1
               else greatest(p.active, 0) end,
           waiting_execution_id = case when p.active > 0 and not p.waiting_ended then s.waiting_execution_id end,
           -- Of several that run side by side, an older one may end while a newer one runs.
           last_execution_id = case when p.last_start_time < s.last_start_time then s.last_execution_id
                                    else p.last_execution_id end,
           last_start_time = greatest(p.last_start_time, s.last_start_time),
           last_status = p.last_status,
           last_duration_ms = p.last_duration_ms,
           failures_in_succession = p.failures + case when p.succeeded then 0 else s.failures_in_succession end,
           recent_outcomes = (s.recent_outcomes || p.outcomes)
               [greatest(1, cardinality(s.recent_outcomes) + cardinality(p.outcomes) - 29):]
      from counted p
     where s.job_id = p.job_id;

    insert into job_execution_stats as t (job_id, hour, success_count, failed_count, timeout_count, cancelled_count,
                                          lost_count, success_duration_ms, duration_buckets)
    select x.job_id, x.hour,
           count(*) filter (where x.status = 'SUCCESS'), count(*) filter (where x.status = 'FAILED'),
           count(*) filter (where x.status = 'TIMEOUT'), count(*) filter (where x.status = 'CANCELLED'),
           count(*) filter (where x.status = 'LOST'),
           coalesce(sum(x.duration_ms) filter (where x.status = 'SUCCESS'), 0),
           array[count(*) filter (where x.bucket = 1), count(*) filter (where x.bucket = 2),
                 count(*) filter (where x.bucket = 3), count(*) filter (where x.bucket = 4),
                 count(*) filter (where x.bucket = 5), count(*) filter (where x.bucket = 6),
                 count(*) filter (where x.bucket = 7), count(*) filter (where x.bucket = 8),
                 count(*) filter (where x.bucket = 9), count(*) filter (where x.bucket = 10),
                 count(*) filter (where x.bucket = 11), count(*) filter (where x.bucket = 12),
                 count(*) filter (where x.bucket = 13), count(*) filter (where x.bucket = 14),
                 count(*) filter (where x.bucket = 15), count(*) filter (where x.bucket = 16)]
      from (select y.job_id, date_trunc('hour', y.start_time, 'UTC') as hour, y.status, y.duration_ms,
                   case when y.status = 'SUCCESS' then duration_bucket(y.duration_ms) end as bucket
              from job_executions y
             where y.execution_id = any (p_execution_ids)) x
     group by 1, 2
     order by 1, 2
    on conflict (job_id, hour) do update
       set success_count = t.success_count + excluded.success_count,
           failed_count = t.failed_count + excluded.failed_count,
           timeout_count = t.timeout_count + excluded.timeout_count,
           cancelled_count = t.cancelled_count + excluded.cancelled_count,
           lost_count = t.lost_count + excluded.lost_count,
           success_duration_ms = t.success_duration_ms + excluded.success_duration_ms,
           duration_buckets = add_counts(t.duration_buckets, excluded.duration_buckets);
end
$$;

-- New attempts for ended executions: QUEUED after the backoff, pointing to the first attempt. Returns which ended
-- executions have a successor. A disabled or deleted job is not tried again. The backoff doubles up to an hour, or
-- stays where it begins above that.
create function add_attempts(p_execution_ids uuid[], p_take_over boolean) returns setof uuid
language plpgsql
as $$
begin
    return query
    with wanted as materialized (
        select x.execution_id as ended_id, new_execution_id() as execution_id, x.job_id, x.job_name, x.handler,
               x.requested_by, x.fire_time, x.window_start, x.window_end,
               x.attempt + case when p_take_over then 0 else 1 end as attempt,
               coalesce(x.first_execution_id, x.execution_id) as first_execution_id, x.params,
               clock_timestamp() + case when p_take_over then interval '0' else
                   least(j.retry_backoff_seconds * power(2, x.attempt - 1), greatest(j.retry_backoff_seconds, 3600))
                   * interval '1 second' end as not_before
          from job_executions x join jobs j on j.job_id = x.job_id
         where x.execution_id = any (p_execution_ids)
           and j.job_id = any (array(select y.job_id from job_executions y where y.execution_id = any (p_execution_ids)))
           and j.enabled and x.cancel_requested_at is null
           and case when p_take_over then x.status = 'LOST' and j.on_lost = 'RETRY'
                    else x.status in ('FAILED', 'TIMEOUT') and x.attempt < j.max_attempts end
    ), added as (
        insert into job_executions (execution_id, job_id, job_name, handler, status, triggered_by, requested_by,
                                    fire_time, window_start, window_end, attempt, first_execution_id, params,
                                    not_before)
        select w.execution_id, w.job_id, w.job_name, w.handler, 'QUEUED', 'RETRY', w.requested_by, w.fire_time,
               w.window_start, w.window_end, w.attempt, w.first_execution_id, w.params, w.not_before
          from wanted w
    )
    select w.ended_id from wanted w;
end
$$;

-- For each ended execution, 1 where it has a successor, else 0.
create function count_attempts(p_execution_ids uuid[], p_take_over boolean) returns integer[]
language sql
as $$
    select array_agg(case when s.ended_id is null then 0 else 1 end order by e.nr)
      from unnest(p_execution_ids) with ordinality e (execution_id, nr)
      left join add_attempts(p_execution_ids, p_take_over) s (ended_id) on s.ended_id = e.execution_id
$$;

-- Record outcomes of executions that this replica owns, set-wise. One answer per execution: RECORDED (also for a
-- repeat of the same outcome), or REFUSED: somebody else owns it, or closed it.
create function close_executions(
    p_replica_id uuid, p_execution_ids uuid[], p_fencing_numbers bigint[], p_statuses text[],
    p_symbols_processed bigint[], p_data_points_stored bigint[], p_error_counts bigint[],
    p_error_details jsonb[], p_timeframes jsonb[], p_results jsonb[])
returns table (execution_id uuid, answer text)
language plpgsql
set plan_cache_mode to force_generic_plan set enable_seqscan to off set enable_nestloop to on set jit to off
as $$
#variable_conflict use_column
declare
    v_now timestamptz;
    v_closed uuid[];
    v_kept integer[];
begin
    perform plan_by_size(cardinality(p_execution_ids));
    perform from job_executions x where x.execution_id = any (p_execution_ids) order by x.execution_id for update;
    v_now := clock_timestamp();
    -- No index answers to IS NOT DISTINCT FROM: these rows are found by their ids, not among all that run here.
    with closed as (
        update job_executions x
           set status = r.status, end_time = v_now,
               duration_ms = greatest(round(extract(epoch from v_now - x.start_time) * 1000)::bigint, 0),
               symbols_processed = r.symbols_processed, data_points_stored = r.data_points_stored,
               error_count = r.error_count, error_details = r.error_details, timeframes = r.timeframes,
               result = r.result
          from unnest(p_execution_ids, p_fencing_numbers, p_statuses, p_symbols_processed, p_data_points_stored,
                      p_error_counts, p_error_details, p_timeframes, p_results) with ordinality
                   as r (execution_id, fencing_number, status, symbols_processed, data_points_stored,
                         error_count, error_details, timeframes, result, nr)
         where x.execution_id = any (p_execution_ids)
           and x.execution_id = r.execution_id and x.fencing_number = r.fencing_number
           and x.status is not distinct from 'RUNNING' and x.replica_id is not distinct from p_replica_id
           and r.status in ('SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'LOST')
        returning x.execution_id, r.nr
    )
    select array_agg(execution_id order by nr) into v_closed from closed;

    if v_closed is not null then
        v_kept := case when p_statuses && '{FAILED,TIMEOUT}' then count_attempts(v_closed, false)
                       else array_fill(0, array[cardinality(v_closed)]) end;
        perform settle_jobs(v_closed, v_kept);
    end if;
    return query
        select r.execution_id,
               case when x.execution_id is not null then 'RECORDED' else 'REFUSED' end
          from unnest(p_execution_ids, p_fencing_numbers, p_statuses) r (execution_id, fencing_number, status)
          left join (select y.* from job_executions y
                      where y.execution_id = any (p_execution_ids) and y.replica_id = p_replica_id
                        and y.end_time is not null) x
            on x.execution_id = r.execution_id and x.fencing_number = r.fencing_number and x.status = r.status;
end
$$;

-- Close what dead replicas left RUNNING as LOST, with a new attempt where the job asks for one. Only called by a
-- replica that has held its own lease without a gap for a lease time.
create function reap_executions(p_replica_id uuid, p_limit integer)
returns table (execution_id uuid, job_id text, dead_replica_id uuid, is_taken_over boolean)
language plpgsql
set plan_cache_mode to force_generic_plan set enable_seqscan to off set enable_nestloop to on set jit to off
as $$
#variable_conflict use_column
declare
    v_lost uuid[];
    v_kept integer[];
begin
    if not exists (select from replicas r
                    where r.replica_id = p_replica_id and r.lease_expires_at > clock_timestamp()) then
        return;
    end if;
    with orphans as (
        select x.execution_id from job_executions x
         where x.status = 'RUNNING'
           and not exists (select from replicas r
                            where r.replica_id = x.replica_id and r.lease_expires_at > clock_timestamp())
         order by x.execution_id limit p_limit for update of x skip locked
    ), lost as (
        update job_executions x
           set status = 'LOST', end_time = clock_timestamp(),
               duration_ms = greatest(round(extract(epoch from clock_timestamp() - x.start_time) * 1000)::bigint, 0),
               error_count = x.error_count + 1,
               error_details = x.error_details || '["the replica that ran it stopped renewing its lease"]'
          from orphans o
         where x.execution_id = o.execution_id
        returning x.execution_id
    )
    select array_agg(l.execution_id) into v_lost from lost l;
    if v_lost is null then
        return;
    end if;
    perform plan_by_size(cardinality(v_lost));
    v_kept := count_attempts(v_lost, true);
    perform settle_jobs(v_lost, v_kept);
    return query
        select x.execution_id, x.job_id, x.replica_id, k.kept = 1
          from unnest(v_lost, v_kept) k (execution_id, kept)
          join job_executions x on x.execution_id = k.execution_id
         where x.execution_id = any (v_lost);
end
$$;

-- Close QUEUED executions that somebody asked to cancel; nobody takes them any more.
create function close_cancelled_executions(p_limit integer) returns table (execution_id uuid, job_id text)
language plpgsql
set plan_cache_mode to force_generic_plan set enable_seqscan to off set enable_nestloop to on set jit to off
as $$
#variable_conflict use_column
declare
    v_cancelled uuid[];
begin
    with unwanted as materialized (
        select y.execution_id from job_executions y
         where y.status = 'QUEUED' and y.cancel_requested_at is not null
         order by y.execution_id limit p_limit for update skip locked
    ), cancelled as (
        update job_executions x
           set status = 'CANCELLED', end_time = clock_timestamp(), duration_ms = 0,
               error_details = x.error_details || jsonb_build_array('cancelled before it started, by '
                                                                    || coalesce(x.cancel_requested_by, 'somebody'))
          from unwanted u
         where x.execution_id = u.execution_id
        returning x.execution_id
    )
    select array_agg(c.execution_id) into v_cancelled from cancelled c;
    if v_cancelled is null then
        return;
    end if;
    perform plan_by_size(cardinality(v_cancelled));
    perform settle_jobs(v_cancelled, array_fill(0, array[cardinality(v_cancelled)]));
    return query select x.execution_id, x.job_id from job_executions x where x.execution_id = any (v_cancelled);
end
$$;

-- Give executions of a leaving replica back: QUEUED again under the same attempt, for another replica to resume.
create function hand_over_executions(p_replica_id uuid, p_execution_ids uuid[], p_fencing_numbers bigint[])
returns setof uuid
language plpgsql
set plan_cache_mode to force_generic_plan set enable_seqscan to off set enable_nestloop to on set jit to off
as $$
begin
    perform plan_by_size(cardinality(p_execution_ids));
    return query
    update job_executions x
       set status = 'QUEUED', replica_id = null, not_before = clock_timestamp()
      from unnest(p_execution_ids, p_fencing_numbers) h (execution_id, fencing_number)
     where x.execution_id = any (p_execution_ids)
       and x.execution_id = h.execution_id and x.fencing_number = h.fencing_number
       and x.status is not distinct from 'RUNNING' and x.replica_id is not distinct from p_replica_id
    returning x.execution_id;
end
$$;
