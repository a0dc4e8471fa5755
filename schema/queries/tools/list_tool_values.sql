-- rpc: list_tool_values
-- result: many known_values
-- budget_ms: 100
select v.kind, v.value from tool_values v where v.tenant_id = :tenant order by v.kind, v.value limit 512
