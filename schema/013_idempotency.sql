-- Idempotency keys of the HTTP API: a repeated request finds what the first one did. The row is written in the
-- transaction of the effect, so there is never one without the other.

create table idempotency_keys (
    subject      text not null,
    key          text not null,
    call         text not null,
    request_hash bytea not null,
    job_id       text,
    execution_id uuid,
    response     text,
    created_at   timestamptz not null default clock_timestamp(),
    primary key (subject, key)
);
create index idempotency_keys_by_time on idempotency_keys (created_at);

comment on table idempotency_keys is 'kept for 24 hours; after that the same key is a new one';
comment on column idempotency_keys.subject is 'whose key it is: two callers may use the same';
comment on column idempotency_keys.call is 'method and path of the first request; another one under the key is refused';
comment on column idempotency_keys.response is 'the JSON that was answered; null until it is known';

create function is_idempotency_key_expired(created_at timestamptz) returns boolean
language sql volatile as $$
    select created_at < clock_timestamp() - interval '24 hours'
$$;
