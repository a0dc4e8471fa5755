-- rpc: get_tenant
-- result: one
-- budget_ms: 20
select t.name, t.internal_language, t.timezone, t.owner_address, t.first_sign_ms, t.answer_ms,
       t.loop_turns_max
  from tenants t
 where t.tenant_id = :tenant
