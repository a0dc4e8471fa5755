-- Raises an alert (alert_kinds); one that is open already is seen once more.
create or replace function alert_raise(
    p_tenant text, p_conversation uuid, p_kind text, p_body text)
returns void language sql as $$
    insert into system_alerts as a (tenant_id, kind, severity, conversation_id, body)
    values (p_tenant, p_kind,
            coalesce((select k.severity from alert_kinds() k where k.kind = p_kind), 'warning'),
            p_conversation, p_body)
    on conflict (tenant_id, conversation_id, kind)
       where resolved_at is null and conversation_id is not null
    do update set seen_count = a.seen_count + 1, body = excluded.body
$$;
