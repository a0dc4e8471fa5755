-- Newest first.
-- rpc: list_tool_executions
-- result: many executions
-- budget_ms: 200
select e.turn_id::text as turn_id, e.step_key, e.conversation_id::text as conversation_id, e.tool,
       e.arguments, e.result, e.outcome, e.reason, e.attempts_count::bigint as attempts_count,
       e.duration_ms::bigint as duration_ms, coalesce(e.cost_micro_usd, 0) as cost_micro_usd,
       e.cost_micro_usd is not null as is_cost_known, coalesce(e.approval_id::text, '') as approval_id,
       (extract(epoch from e.started_at) * 1000)::bigint as started_at_ms
  from tool_executions e
 where e.tenant_id = :tenant
   and (:turn_id = '' or e.turn_id = nullif(:turn_id, '')::uuid)
   and (:tool = '' or e.tool = :tool) and (:outcome = '' or e.outcome = :outcome)
 order by e.turn_id desc, e.started_at desc
 limit least(case when :max_rows = 0 then 50 else :max_rows end, 500)
