-- rpc: decide_tool_approval
-- result: one
-- missing: NOT_FOUND
-- scope: system
-- budget_ms: 100
select d.of_tenant, d.conversation_id, d.tool, d.state
  from tool_approval_decide(:approval_id::uuid, :of_tenant, :decision, :actor, :note) d
 where d.state is not null
