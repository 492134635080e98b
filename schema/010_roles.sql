-- Two roles to be members of: CREATE ROLE alice LOGIN PASSWORD '...' IN ROLE cronsole_operator;
--   cronsole_service   what a replica needs, and no DDL: a replica may run as it once somebody else has migrated
--   cronsole_operator  reads everything; changes schedules and enablement, pauses, triggers and cancels; nothing more
-- Roles belong to the whole server, so a migration may not be able to make them; then it says what to do, and goes on.
select set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- The check of a change runs with its caller's rights, but must not be deceived by a temporary table named like ours.
alter function before_job_change() set search_path from current;
alter function current_actor() set search_path from current;

-- Grant the two roles what is theirs; again after the roles were made by hand, or tables were added by hand.
create function grant_to_roles() returns void
language plpgsql
set search_path from current
as $$
declare
    home constant text := (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
                            where c.oid = 'jobs'::regclass);
    ours record;
begin
    execute format('grant usage on schema %I to cronsole_service, cronsole_operator', home);
    for ours in
        select format('%I.%I', home, c.relname) as name, c.relname, c.relkind in ('r', 'p') as is_table
          from pg_class c join pg_class j on j.oid = 'jobs'::regclass
         where c.relnamespace = j.relnamespace and c.relowner = j.relowner and c.relkind in ('r', 'p', 'v', 'm')
    loop
        execute format('grant select on %s to cronsole_service, cronsole_operator', ours.name);
        if ours.relname = 'job_changes' then
            -- Written by triggers alone; deleted from when it is pruned.
            execute format('grant delete on %s to cronsole_service', ours.name);
        elsif ours.is_table and ours.relname not in ('cronsole_migrations', 'job_change_transactions') then
            execute format('grant insert, update, delete on %s to cronsole_service', ours.name);
        end if;
    end loop;
    grant update (schedule_cron, time_zone, clock_change_policy, enabled, paused_until, pause_reason)
        on jobs to cronsole_operator;
    grant execute on function trigger_job(text, jsonb), pause_job(text, text, timestamptz), resume_job(text),
        pause_all(text, timestamptz), resume_all(), cancel_execution(uuid) to cronsole_service, cronsole_operator;
    -- What later migrations add.
    execute format('alter default privileges in schema %I'
        ' grant select on tables to cronsole_service, cronsole_operator', home);
    execute format('alter default privileges in schema %I'
        ' grant insert, update, delete on tables to cronsole_service', home);
end
$$;

-- For the two roles alone: everything else that anybody may execute has no more rights than its caller.
revoke execute on function trigger_job(text, jsonb), pause_all(text, timestamptz), resume_all(), cancel_execution(uuid),
    after_job_change(), move_planned_from(), remember_last_revision(), after_pause_change(), grant_to_roles() from public;

do $$
declare
    name text;
    home constant text := current_schema();
begin
    foreach name in array '{cronsole_service,cronsole_operator}'::text[] loop
        if not exists (select from pg_roles where rolname = name) then
            begin
                execute format('create role %I', name);
            exception
                when duplicate_object or unique_violation then null;    -- another database's migration was faster
                when insufficient_privilege then null;
            end;
        end if;
    end loop;
    if (select count(*) from pg_roles where rolname in ('cronsole_service', 'cronsole_operator')) = 2 then
        perform grant_to_roles();
    else
        raise notice using errcode = 'CR001',
            message = format('%I may not create roles; the schema is complete, but cronsole_service and'
                ' cronsole_operator are missing', current_user),
            hint = format('as a superuser: CREATE ROLE cronsole_service; CREATE ROLE cronsole_operator;'
                ' then as %I: SELECT grant_to_roles();', current_user);
    end if;

    -- Until PostgreSQL 15 anybody may create functions in the schema public, and so have them called by ours.
    if has_schema_privilege('public', home, 'create') then
        begin
            execute format('revoke create on schema %I from public', home);
        exception when insufficient_privilege then null;
        end;
        if has_schema_privilege('public', home, 'create') then
            raise notice using errcode = 'CR001',
                message = format('anybody may create objects in the schema %I, and so deceive functions that run'
                    ' as its owner', home),
                hint = format('as a superuser: REVOKE CREATE ON SCHEMA %I FROM PUBLIC;', home);
        end if;
    end if;
end
$$;
