-- Lines of runs become visible in the order of their ids, so that readers follow a job by the last id they saw.
-- An id is taken when a row is inserted and the row is seen when its transaction commits: two writers side by side
-- would let a reader see 7, remember it, and never see 6. So writers of one job take turns.

-- Pruned by log_id, and read by it; an index that nobody reads costs every insert.
drop index job_execution_logs_by_time;

-- Store lines, in their order. A line is known by its execution and its time, which no two lines of an execution
-- share: where an earlier answer was lost, `p_may_be_stored` leaves out those that are there.
create function store_log_lines(
    p_execution_ids uuid[], p_job_ids text[], p_logged_at timestamptz[], p_levels text[], p_loggers text[],
    p_messages text[], p_fields jsonb[], p_may_be_stored boolean) returns void
language plpgsql as $$
begin
    -- In one order for all, and held until the rows are visible to everybody. The first number is 'logs' in ASCII.
    perform pg_advisory_xact_lock(1819240307, turn.key)
       from (select distinct hashtext(j.job_id) as key from unnest(p_job_ids) j (job_id) order by 1) turn;

    -- A statement of its own: its snapshot has to be younger than the locks.
    insert into job_execution_logs (execution_id, job_id, logged_at, level, logger, message, fields)
    with stored as materialized (
        select o.execution_id, o.logged_at from job_execution_logs o
         where p_may_be_stored and o.execution_id = any (p_execution_ids)
    )
    select l.execution_id, l.job_id, l.logged_at, l.level, l.logger, l.message, l.fields
      from unnest(p_execution_ids, p_job_ids, p_logged_at, p_levels, p_loggers, p_messages, p_fields) with ordinality
           as l (execution_id, job_id, logged_at, level, logger, message, fields, nr)
     where not exists (select from stored s where s.execution_id = l.execution_id and s.logged_at = l.logged_at)
     order by l.nr;
end
$$;
