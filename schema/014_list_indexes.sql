-- What is rare and looked for: without these a list of failures reads every success in between. Both are partial,
-- so the common rows, fires that started and runs that succeeded, cost nothing more than before.

create index job_executions_unsuccessful on job_executions (start_time desc, execution_id desc)
    where status in ('FAILED', 'TIMEOUT', 'CANCELLED', 'LOST');
create index job_executions_unsuccessful_by_job on job_executions (job_id, start_time desc, execution_id desc)
    where status in ('FAILED', 'TIMEOUT', 'CANCELLED', 'LOST');
create index job_fires_not_started on job_fires (job_id, fire_time desc) where outcome <> 'STARTED';
