-- Why did a job not run at that instant? One sentence, from the ledger, the audit, pauses and gaps in the leases.
-- Whether a schedule names an instant is computed by the service alone: it asks through explain_fire and says so;
-- psql asks through why_not, which says openly what it cannot know.
select set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- Of the ledger only the rows that sum many fires, which are few.
create index job_fires_summaries on job_fires (job_id, fire_time) where covers_from is not null;

create function utc_text(instant timestamptz) returns text
language sql stable as $$
    select to_char(instant at time zone 'UTC', case when date_trunc('second', instant) = instant
        then 'YYYY-MM-DD HH24:MI:SS' else 'YYYY-MM-DD HH24:MI:SS.MS' end) || ' UTC'
$$;

-- The last change of a job, or of all of them at once, up to an instant.
create function change_before(p_job_id text, p_at timestamptz) returns job_changes
language sql stable as $$
    select c.* from job_changes c
     where c.job_id in (p_job_id, '*') and c.operation in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE') and c.changed_at <= p_at
     order by c.change_id desc limit 1
$$;

create function change_after(p_job_id text, p_at timestamptz, p_moves_plan boolean) returns job_changes
language sql stable as $$
    select c.* from job_changes c
     where c.job_id in (p_job_id, '*') and c.operation in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE') and c.changed_at > p_at
       and (c.moves_plan or not p_moves_plan)
     order by c.change_id limit 1
$$;

-- The row of a job as it was at an instant, all null where it did not exist. Before the audit begins, the oldest
-- row that is known.
create function job_at(p_job_id text, p_at timestamptz) returns jobs
language plpgsql stable
set search_path from current
as $$
declare
    change job_changes := change_before(p_job_id, p_at);
    job jobs;
begin
    if change.change_id is not null then
        return jsonb_populate_record(null::jobs, change.after);
    end if;
    change := change_after(p_job_id, p_at, false);
    if change.change_id is not null then
        return jsonb_populate_record(null::jobs, change.before);
    end if;
    select * into job from jobs j where j.job_id = p_job_id and j.created_at <= p_at;
    return job;
end
$$;

create function change_text(change job_changes) returns text
language sql stable as $$
    select format('at %s by %s', utc_text(change.changed_at), change.changed_by)
        || case when change.application_name in ('', change.changed_by) or change.application_name like 'cronsole %' then ''
                else format(' (%s)', change.application_name) end
$$;

create function schedule_text(job jobs) returns text
language sql stable as $$
    select format('%L in %s', job.schedule_cron, job.time_zone)
$$;

-- What the ledger says, null where it says nothing.
create function explain_decision(p_job_id text, p_at timestamptz) returns text
language plpgsql stable as $$
declare
    fire job_fires;
    execution job_executions;
    later job_executions;
begin
    select * into fire from job_fires f where f.job_id = p_job_id and f.fire_time = p_at;
    if not found then
        return null;
    end if;
    if fire.execution_id is null then
        return format('The fire of %s started nothing, %s: %s.', utc_text(p_at), fire.outcome,
                      coalesce(fire.reason, 'no reason is on record'));
    end if;
    select * into execution from job_executions x where x.execution_id = fire.execution_id;
    select * into later from job_executions x where x.first_execution_id = fire.execution_id
     order by x.attempt desc, x.created_at desc limit 1;
    return format('The fire of %s did start execution %s', utc_text(p_at), fire.execution_id)
        || case when fire.decided_at > p_at + interval '5 seconds'
                then format(', only at %s', utc_text(fire.decided_at)) else '' end
        || case
               when execution.execution_id is null then ', which is no longer in the history'
               when execution.status = 'QUEUED' and execution.cancel_requested_at is null then
                   case when exists (select from job_state s
                                      where s.job_id = p_job_id and s.waiting_execution_id = fire.execution_id)
                        then ', which waits for the end of another one' else ', which is still QUEUED' end
               when execution.status in ('QUEUED', 'RUNNING') then format(', which is %s', execution.status)
               else format(', which ended as %s after %s ms', execution.status, execution.duration_ms)
                   || case when execution.status = 'SUCCESS' then ''
                           else coalesce(': ' || left(execution.error_details ->> 0, 200), '') end
           end
        || case when later.execution_id is not null
                then format('; attempt %s, %s, is %s', later.attempt, later.execution_id, later.status) else '' end
        || '.';
end
$$;

-- How long nobody held a lease around an instant, null where somebody did.
create function explain_gap(p_at timestamptz) returns text
language sql stable as $$
    select case when g.to_time = 'infinity' then format('no replica has held a lease since %s', utc_text(g.from_time))
                else format('no replica held a lease from %s to %s', utc_text(g.from_time), utc_text(g.to_time)) end
      from (select l.from_time, l.to_time from lease_gaps l
            union all
            select max(r.lease_expires_at), 'infinity' from replicas r having max(r.lease_expires_at) < clock_timestamp()) g
     where g.from_time <= p_at and p_at < g.to_time
     order by g.from_time limit 1
$$;

-- The pauses in force at an instant: of the row as it was then, and of all jobs.
create function explain_pause(job jobs, p_at timestamptz) returns text
language plpgsql stable as $$
declare
    change job_changes;
    all_until timestamptz;
    is_or_was constant text := case when p_at > clock_timestamp() then 'is' else 'was' end;
begin
    if job.paused_until > p_at then
        return format('the job %s paused %s', is_or_was, until_text(job.paused_until))
            || coalesce(': ' || job.pause_reason, '');
    end if;
    select c.* into change from job_changes c
     where c.job_id = '*' and c.operation in ('PAUSE', 'RESUME') and c.changed_at <= p_at order by c.change_id desc limit 1;
    all_until := (change.after ->> 'paused_until')::timestamptz;
    if all_until > p_at then
        return format('every job %s paused %s, %s', is_or_was, until_text(all_until), change_text(change))
            || coalesce(': ' || (change.after ->> 'pause_reason'), '');
    end if;
    return null;
end
$$;

-- Since when and by whom the job had been disabled, at an instant at which it was.
create function explain_disabled(p_job_id text, p_at timestamptz) returns text
language sql stable as $$
    select change_text(c) from job_changes c
     where c.job_id = p_job_id and c.changed_at <= p_at and not (c.after ->> 'enabled')::boolean
       and coalesce((c.before ->> 'enabled')::boolean, true)
     order by c.change_id desc limit 1
$$;

-- The sentence. p_is_named: whether the schedule of that time names the instant, null where nobody knows;
-- p_previous and p_following: the fire times around it; p_schedule_error: why that schedule cannot be read.
-- Null: there is no such job, and never was.
create function explain_fire(
    p_job_id text, p_at timestamptz, p_is_named boolean, p_previous timestamptz, p_following timestamptz,
    p_schedule_error text)
returns text
language plpgsql stable
set search_path from current
as $$
declare
    instant constant timestamptz := date_trunc('second', p_at);
    now_ constant timestamptz := clock_timestamp();
    is_to_come constant boolean := instant > now_;
    decision text := explain_decision(p_job_id, instant);
    job jobs := job_at(p_job_id, instant);
    current_job jobs;
    state job_state;
    summary job_fires;
    gap constant text := explain_gap(instant);
    change job_changes;
    moved job_changes;
    planned_after timestamptz;
    is_named boolean := p_is_named;
    previous timestamptz := p_previous;
    following timestamptz := p_following;
    head text;
    clauses text[];
begin
    if decision is not null then
        return decision;
    end if;
    select * into current_job from jobs j where j.job_id = p_job_id;
    select * into state from job_state s where s.job_id = p_job_id;
    if current_job.job_id is null and state.job_id is null
       and not exists (select from job_changes c where c.job_id = p_job_id) then
        return null;
    end if;
    change := change_before(p_job_id, instant);

    -- What the row was then.
    if job.job_id is null then
        if change.change_id is not null then
            return format('Job %s did not exist then: it was deleted %s.', p_job_id, change_text(change));
        end if;
        change := change_after(p_job_id, instant, false);
        if change.operation = 'INSERT' then
            return format('Job %s did not exist then: it was inserted only %s.', p_job_id, change_text(change));
        end if;
        if current_job.job_id is not null then
            return format('Job %s did not exist then: it was inserted only at %s.', p_job_id,
                          utc_text(current_job.created_at));
        end if;
        return format('Job %s does not exist; of what it once was only its history is left.', p_job_id);
    end if;
    if job.schedule_type = 'MANUAL' then
        return format('Job %s %s MANUAL: it has no schedule, and only a trigger starts it.', p_job_id,
                      case when is_to_come then 'is' else 'was' end);
    end if;
    if not job.enabled then
        return format('Job %s %s disabled%s.', p_job_id, case when is_to_come then 'is' else 'was' end,
                      coalesce(', ' || explain_disabled(p_job_id, instant), ''));
    end if;
    if p_schedule_error is not null then
        return format('The schedule %s of job %s cannot be read: %s.', schedule_text(job), p_job_id, p_schedule_error);
    end if;
    if state.schedule_error is not null and state.planned_revision = job.revision then
        return format('The schedule %s of job %s cannot be kept: %s.', schedule_text(job), p_job_id, state.schedule_error);
    end if;

    -- The plan of the present row tells of every instant up to the next fire whether the schedule names it.
    planned_after := greatest(current_job.planned_from, state.decided_through);
    moved := change_after(p_job_id, instant, true);
    if is_named is null and moved.change_id is null and state.planned_revision = current_job.revision
       and instant > planned_after and instant <= state.next_fire_time then
        is_named := instant = state.next_fire_time;
        following := state.next_fire_time;
        previous := case when state.decided_through > current_job.planned_from then state.decided_through end;
    end if;
    if not is_named then
        return format('The schedule %s of job %s does not name %s', schedule_text(job), p_job_id, utc_text(instant))
            || case when previous is not null and following is not null
                         then format('; it names %s and %s', utc_text(previous), utc_text(following))
                    when following is not null then format('; it names %s', utc_text(following))
                    when previous is not null then format('; it names %s, and nothing after that', utc_text(previous))
                    else '' end
            || case when moved.after ->> 'schedule_cron' <> job.schedule_cron
                    then format('; the schedule was changed later, %s', change_text(moved)) else '' end
            || '.';
    end if;

    select * into summary from job_fires f
     where f.job_id = p_job_id and f.fire_time > instant and f.covers_from <= instant order by f.fire_time limit 1;
    if found then
        return format('%s lies among the missed fires that one row sums, %s, from %s to %s: %s', utc_text(instant),
                      summary.outcome, utc_text(summary.covers_from), utc_text(summary.fire_time),
                      coalesce(summary.reason, 'no reason is on record'))
            || case when is_named then ''
                    else format('; SQL cannot tell whether the schedule %s names it', schedule_text(job)) end
            || '.';
    end if;

    head := case
        when is_to_come and is_named
            then format('%s is still to come, and the schedule %s names it', utc_text(instant), schedule_text(job))
        when is_to_come then format('%s is still to come', utc_text(instant))
        when is_named and instant > coalesce(planned_after, '-infinity')
            then format('The fire of %s is due, and no replica has decided it yet', utc_text(instant))
        when is_named
            then format('The schedule %s names %s, yet no decision is on record', schedule_text(job), utc_text(instant))
        else format('No decision is on record for %s', utc_text(instant)) end;

    -- A change that came between the fire and its decision, or was committed only after the fire.
    if moved.changed_at < instant + interval '1 minute' or moved.change_id is not null and gap is not null then
        clauses := array_append(clauses, format('the job was changed %s, and nothing is caught up across a change',
                                                change_text(moved)));
    elsif not is_to_come and moved.change_id is null and current_job.planned_from >= instant then
        clauses := array_append(clauses, format('the last change of its schedule was committed only at %s',
                                                utc_text(current_job.planned_from)));
    end if;
    clauses := array_append(array_append(clauses, gap), explain_pause(job, instant));
    if not is_to_come and instant <= state.decided_through
       and not exists (select from job_fires f where f.job_id = p_job_id and f.fire_time < instant) then
        select min(f.fire_time) into following from job_fires f where f.job_id = p_job_id;
        clauses := array_append(clauses, coalesce('its ledger begins at ' || utc_text(following), 'its ledger is empty')
                                             || ', older decisions may have been pruned');
    end if;
    if is_named is null then
        select max(f.fire_time) into previous from job_fires f where f.job_id = p_job_id and f.fire_time < instant;
        select coalesce(min(f.fire_time), state.next_fire_time) into following
          from job_fires f where f.job_id = p_job_id and f.fire_time > instant;
        clauses := clauses
            || case when previous is not null and following > instant
                    then format('its fires next to that are %s and %s', utc_text(previous), utc_text(following)) end
            || case when is_to_come and following > now_ then format('its next fire is at %s', utc_text(following)) end
            || format('SQL cannot tell whether the schedule %s names that instant: ask the console,'
                      ' or `python -m service preview`', schedule_text(job));
    end if;
    return head || coalesce('; ' || nullif(array_to_string(clauses, '; '), ''), '') || '.';
end
$$;

-- SELECT why_not('MARKETDATA_INCREMENTAL', '2026-11-24 10:05 America/New_York');
create function why_not(job_id text, at timestamptz) returns text
language plpgsql stable
set search_path from current
as $$
declare
    answer text;
begin
    if isfinite(why_not.at) is not true then
        perform refuse_input('at', 'an instant is needed', 'such as ''2026-11-24 10:05 America/New_York''');
    end if;
    answer := explain_fire(why_not.job_id, why_not.at, null, null, null, null);
    if answer is null then
        perform refuse_unknown_job(why_not.job_id);
    end if;
    return answer;
end
$$;
