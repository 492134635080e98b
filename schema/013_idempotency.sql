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

-- Delete up to p_limit expired keys; the answer is how many went. Repeat until it is less than p_limit.
create function prune_idempotency_keys(p_limit integer default 1000) returns integer
language plpgsql as $$
declare
    pruned integer;
begin
    delete from idempotency_keys k
     where (k.subject, k.key) in (
           select e.subject, e.key from idempotency_keys e
            where e.created_at < clock_timestamp() - interval '24 hours'
            order by e.created_at limit p_limit for update skip locked);
    get diagnostics pruned = row_count;
    return pruned;
end
$$;
