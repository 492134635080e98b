-- Why somebody triggered an execution, in their own words; with the window to cover it is what a trigger may say.
-- A constraint that is not validated costs no look at the history, in which nobody has given a reason yet.

alter table job_executions
    add column reason text,
    add constraint job_executions_reason_check check (char_length(reason) <= 500) not valid;

comment on column job_executions.reason is 'why requested_by wanted it; null where nobody said, and for fires';

-- As in 004; the words of whoever asked go along with the name to every attempt at the work.
create or replace function add_attempts(p_execution_ids uuid[], p_take_over boolean) returns setof uuid
language plpgsql
as $$
begin
    return query
    with wanted as materialized (
        select x.execution_id as ended_id, new_execution_id() as execution_id, x.job_id, x.job_name, x.handler,
               x.requested_by, x.reason, x.fire_time, x.window_start, x.window_end,
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
        insert into job_executions (execution_id, job_id, job_name, handler, status, triggered_by, requested_by, reason,
                                    fire_time, window_start, window_end, attempt, first_execution_id, params,
                                    not_before)
        select w.execution_id, w.job_id, w.job_name, w.handler, 'QUEUED', 'RETRY', w.requested_by, w.reason, w.fire_time,
               w.window_start, w.window_end, w.attempt, w.first_execution_id, w.params, w.not_before
          from wanted w
    )
    select w.ended_id from wanted w;
end
$$;
