-- Notes the provider's id of one of our messages, and gives back what statuses said about it
-- before.
create or replace function provider_message_own(
    p_tenant text, p_channel text, p_provider_id text, p_outbox uuid)
returns provider_messages language plpgsql as $$
declare
    v_row provider_messages;
begin
    insert into provider_messages as m (tenant_id, channel, provider_id, outbox_id)
    values (p_tenant, p_channel, p_provider_id, p_outbox)
    on conflict (tenant_id, channel, provider_id) do update set outbox_id = excluded.outbox_id
    returning m.* into v_row;
    return v_row;
end
$$;
