-- Keeps a status under the provider's id, the furthest one if there are several; returns the id of
-- our message if it is known already. The other half is provider_message_own.
create or replace function provider_message_note(
    p_tenant text, p_channel text, p_provider_id text, p_status text, p_at timestamptz,
    p_error_code text, p_error_text text)
returns uuid language plpgsql as $$
declare
    v_outbox uuid;
begin
    insert into provider_messages as m (tenant_id, channel, provider_id, status, status_at,
                                        error_code, error_text)
    values (p_tenant, p_channel, p_provider_id, p_status, p_at, p_error_code, p_error_text)
    on conflict (tenant_id, channel, provider_id) do update
       set status = furthest_state(excluded.status, m.status),
           status_at = case when furthest_state(excluded.status, m.status) = m.status
                            then m.status_at else excluded.status_at end,
           error_code = case when excluded.status = 'failed' then excluded.error_code
                             else m.error_code end,
           error_text = case when excluded.status = 'failed' then excluded.error_text
                             else m.error_text end
    returning m.outbox_id into v_outbox;
    return v_outbox;
end
$$;
