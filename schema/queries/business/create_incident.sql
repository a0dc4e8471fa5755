-- rpc: create_incident
-- result: one
-- lock_order: 4
-- budget_ms: 50
select i.incident_id::text as incident_id, i.number
  from create_incident(:tenant, :idempotency_key, nullif(:conversation_id, '')::uuid,
                       nullif(:contact_id, '')::uuid, nullif(:project_id, ''), :description,
                       :location, :severity, nullif(:turn_id, '')::uuid, :step_key) i
