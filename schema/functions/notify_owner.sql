-- Tells the business something, in every way that it has set up (org_integrations); how many those are. The
-- same key is the same notification.
create or replace function notify_owner(
    p_tenant text, p_conversation uuid, p_kind text, p_body text, p_key text)
returns integer language plpgsql as $$
declare
    v_notification bigint;
    v_count integer;
begin
    insert into notifications as n (tenant_id, kind, conversation_id, body, idempotency_key)
    values (p_tenant, p_kind, p_conversation, p_body, p_key)
    on conflict (tenant_id, idempotency_key) where idempotency_key is not null
    do update set idempotency_key = n.idempotency_key
    returning n.notification_id into v_notification;
    insert into notification_sends (tenant_id, notification_id, integration_id)
    select i.tenant_id, v_notification, i.integration_id from org_integrations i
     where i.tenant_id = p_tenant and i.is_enabled and i.kind in ('email', 'webhook', 'channel')
    on conflict (tenant_id, notification_id, integration_id) do nothing;
    select count(*) into v_count from notification_sends s
     where s.tenant_id = p_tenant and s.notification_id = v_notification;
    if v_count > 0 then
        perform hint_send('notify', p_tenant);
    end if;
    return v_count;
end
$$;
