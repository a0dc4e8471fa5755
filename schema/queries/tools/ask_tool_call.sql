-- rpc: ask_tool_call
-- result: one
-- lock_order: 4
-- budget_ms: 50
select a.approval_id, a.refused_by
  from tool_call_ask(:tenant, :conversation_id::uuid, :turn_id::uuid, :step_key, :tool, :arguments,
                     :shown_arguments, :card_hash, :reason, :ttl_ms) a
