-- rpc: put_audit
-- result: none
-- budget_ms: 100
insert into audit_log (tenant_id, actor, action, object, details)
values (:tenant, :actor, :action, :object,
        jsonb_build_object('result', :result::text, 'request',
                           coalesce(nullif(:details, ''), '{}')::jsonb))
