-- Newest first, of all tenants or of one.
-- rpc: list_tool_approvals
-- result: many approvals
-- scope: system
-- budget_ms: 200
select a.approval_id::text as approval_id, a.tenant_id as of_tenant,
       a.conversation_id::text as conversation_id, a.turn_id::text as turn_id, a.tool,
       a.shown_arguments as arguments, a.reason,
       case when a.state = 'pending' and a.expires_at <= now() then 'expired' else a.state end as state,
       coalesce(c.address, '') as address, coalesce(c.channel, '') as channel,
       (extract(epoch from a.asked_at) * 1000)::bigint as asked_at_ms,
       (extract(epoch from a.expires_at) * 1000)::bigint as expires_at_ms,
       coalesce((extract(epoch from a.decided_at) * 1000)::bigint, 0) as decided_at_ms, a.decided_by,
       a.note
  from tool_approvals a
  left join conversations c on c.tenant_id = a.tenant_id and c.conversation_id = a.conversation_id
 where (:of_tenant = '' or a.tenant_id = :of_tenant)
   and (:with_decided or (a.state = 'pending' and a.expires_at > now()))
 order by a.approval_id desc
 limit least(case when :max_rows = 0 then 100 else :max_rows end, 500)
