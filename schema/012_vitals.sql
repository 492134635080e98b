-- What each replica measures of itself, beside its lease: how late its event loop was, what its clock did, whether
-- it hears changes or polls for them, and what is wrong, in words. Written every few seconds.

alter table replicas
    add column vitals_at        timestamptz,
    add column loop_lag_ms      double precision,
    add column clock_step_ms    double precision,
    add column clock_stepped_at timestamptz,
    add column listener_mode    text check (listener_mode in ('NOTIFY', 'POLLING')),
    add column tzdata_version   text,
    add column findings         jsonb not null default '[]';

comment on column replicas.vitals_at is 'when the measurements were written; null before the first time';
comment on column replicas.loop_lag_ms is 'the longest delay of the event loop in the last minute';
comment on column replicas.clock_step_ms is 'the last step of the machine''s wall clock, forward positive';
comment on column replicas.listener_mode is 'NOTIFY: hears changes at once; POLLING: looks for them every 5 s; null: neither just now';
comment on column replicas.findings is 'what is not in order: [{"code", "severity": "warning" or "problem", "sentence", "remedy"}]';
