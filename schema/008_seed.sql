-- The four jobs of the system that we replace. Applied once, so what an operator changes or deletes stays so.
insert into jobs (job_id, display_name, description, job_group, schedule_type, schedule_cron, handler, on_lost) values
    ('MARKETDATA_INCREMENTAL', 'Market Data Incremental',
     'Latest bars of every tracked symbol: only what is newer than the last stored bar',
     'MARKETDATA', 'CRON', '0 */5 * * * MON-FRI', 'marketdata.incremental', 'RETRY'),
    ('MARKETDATA_BACKFILL', 'Market Data Backfill',
     'History of every tracked symbol: fills gaps, skips what is stored',
     'MARKETDATA', 'MANUAL', null, 'marketdata.backfill', 'RETRY'),
    ('FUNDAMENTALS_INCREMENTAL', 'Fundamentals Incremental',
     'Daily refresh of company fundamentals',
     'FUNDAMENTALS', 'CRON', '0 0 2 * * *', 'fundamentals.incremental', 'RETRY'),
    ('FUNDAMENTALS_BACKFILL', 'Fundamentals Backfill',
     'Historical fundamentals of every tracked symbol',
     'FUNDAMENTALS', 'MANUAL', null, 'fundamentals.backfill', 'RETRY')
on conflict (job_id) do nothing;
