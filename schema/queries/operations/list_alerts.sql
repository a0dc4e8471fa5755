-- Newest first, of all tenants or of one.
-- rpc: list_alerts
-- result: many alerts
-- scope: system
-- budget_ms: 200
select a.alert_id, a.tenant_id as of_tenant, a.kind, a.severity, coalesce(k.meaning, '') as meaning,
       coalesce(a.conversation_id::text, '') as conversation_id, coalesce(c.address, '') as address,
       coalesce(c.channel, '') as channel, a.body, a.seen_count,
       (extract(epoch from a.created_at) * 1000)::bigint as created_at_ms,
       coalesce((extract(epoch from a.resolved_at) * 1000)::bigint, 0) as resolved_at_ms,
       a.resolved_by
  from system_alerts a
  left join alert_kinds() k on k.kind = a.kind
  left join conversations c on c.tenant_id = a.tenant_id and c.conversation_id = a.conversation_id
 where (:of_tenant = '' or a.tenant_id = :of_tenant)
   and (:with_resolved or a.resolved_at is null)
 order by a.alert_id desc
 limit least(case when :max_rows = 0 then 100 else :max_rows end, 1000)
