-- Notifications that are due to go out, for one sender: nobody else gets them for p_claim_ms. Waits for
-- nobody (skip locked).
create or replace function notices_claim(p_max_rows bigint, p_claim_ms bigint)
returns table (tenant text, notification_id bigint, integration_id text, kind text, body text,
               conversation_id text, created_at_ms bigint, attempt integer, way text, url text,
               config text, secret text)
language sql as $$
    with due as (
        select s.tenant_id, s.notification_id, s.integration_id from notification_sends s
         where s.state = 'pending' and s.due_at <= now()
         order by s.due_at limit p_max_rows
           for update skip locked),
    claimed as (
        update notification_sends s
           set attempt = s.attempt + 1, due_at = clock_timestamp() + p_claim_ms * interval '1 ms'
          from due d
         where s.tenant_id = d.tenant_id and s.notification_id = d.notification_id
           and s.integration_id = d.integration_id
        returning s.*)
    select k.tenant_id, k.notification_id, k.integration_id, n.kind, n.body,
           coalesce(n.conversation_id::text, ''),
           (extract(epoch from n.created_at) * 1000)::bigint, k.attempt, i.kind, i.url,
           i.config::text, i.secret
      from claimed k
      join notifications n on n.tenant_id = k.tenant_id and n.notification_id = k.notification_id
      join org_integrations i on i.tenant_id = k.tenant_id
                             and i.integration_id = k.integration_id
$$;
