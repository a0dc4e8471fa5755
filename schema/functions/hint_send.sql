-- There is work for a service now, which it would find by looking a little later. Heard by every
-- persistence once this transaction has committed (services/persistence/hint.h).
create or replace function hint_send(p_service text, p_tenant text, p_conversation uuid default null)
returns void language sql as $$
    select pg_notify('parley_hints',
                     json_build_array(p_service, p_tenant, coalesce(p_conversation::text, ''))::text)
$$;
