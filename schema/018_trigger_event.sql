-- What is triggered in psql shows in every console at once, as what is triggered over HTTP does, and not only when a
-- replica takes it: it may have to wait for a free one, or for the execution before it.
select set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- As in 009, and what is queued is announced. It may be so in the transaction: a person triggers, not a fleet.
create or replace function trigger_job(job_id text, params jsonb default '{}') returns uuid
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
            -- No replica has it yet, so none announces it.
            perform pg_notify('cronsole_events', json_build_object('type', 'executions', 'executions', json_build_array(
                json_build_object('executionId', answer.execution_id, 'jobId', trigger_job.job_id, 'status', 'QUEUED')
            ))::text);
            if answer.verdict = 'WAITING' then
                -- It may wait for executions that are to be cancelled: the overlap policy REPLACE.
                perform pg_notify('cronsole_events', '{"type":"cancel"}');
            end if;
    end case;
    return answer.execution_id;
end
$$;
