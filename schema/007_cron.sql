create function cron_fault(expression text) returns table (message text, hint text) language sql immutable as $$ select null::text, null::text where false $$;
