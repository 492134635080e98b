-- What is cancelled before it started is an event as every other end of an execution is, whoever cancels it: over HTTP
-- only the API told of it, and from psql nobody did, so that a console went on showing it as queued.
select set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- As in 009, and the end of what was queued is announced. It may be so in the transaction: a person cancels, not a fleet.
create or replace function cancel_execution(execution_id uuid) returns text
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
        -- No replica had it, so none announces its end.
        perform pg_notify('cronsole_events', json_build_object('type', 'executions', 'executions', json_build_array(
            json_build_object('executionId', execution.execution_id, 'jobId', execution.job_id, 'status', 'CANCELLED')
        ))::text);
    end if;
    perform pg_notify('cronsole_events', json_build_object('type', 'cancel', 'executionId', execution.execution_id)::text);
    return case execution.status when 'RUNNING' then 'CANCEL_REQUESTED' else 'CANCELLED' end;
end
$$;
