-- What became of an attempt (outcome sent, retry, failed); an older attempt says nothing any more. When all
-- ways have ended, so has the notification: sent if one of them was.
create or replace function notice_record(
    p_tenant text, p_notification bigint, p_integration text, p_attempt bigint, p_outcome text,
    p_retry_after_ms bigint, p_error text)
returns void language plpgsql as $$
begin
    update notification_sends s
       set state = case p_outcome when 'retry' then 'pending' else p_outcome end,
           due_at = clock_timestamp() + p_retry_after_ms * interval '1 ms', error_text = p_error,
           settled_at = case when p_outcome <> 'retry' then now() end
     where s.tenant_id = p_tenant and s.notification_id = p_notification
       and s.integration_id = p_integration and s.attempt = p_attempt and s.state = 'pending';
    update notifications n
       set settled_at = now(),
           state = case when exists (select from notification_sends s
                                      where s.tenant_id = p_tenant and s.state = 'sent'
                                        and s.notification_id = p_notification)
                        then 'sent' else 'failed' end
     where n.tenant_id = p_tenant and n.notification_id = p_notification
       and not exists (select from notification_sends s
                        where s.tenant_id = p_tenant and s.notification_id = p_notification
                          and s.state = 'pending');
end
$$;
