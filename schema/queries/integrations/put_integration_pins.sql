-- Which of a server's tools are approved: {tool: hash}, in place of what was.
-- rpc: put_integration_pins
-- result: none
-- budget_ms: 100
update org_integrations i set pins = :pins::jsonb, updated_at = now()
 where i.tenant_id = :tenant and i.integration_id = :integration_id
