-- rpc: put_turn_step
-- result: one
-- lock_order: 4
-- budget_ms: 50
with seen as (
    insert into turn_steps (tenant_id, conversation_id, turn_id, step_key, kind, request_hash, result)
    select :tenant, :conversation_id::uuid, :turn_id::uuid, :step_key || '/seen', 'seen', '', :seen
     where :seen <> ''
    on conflict do nothing
)
select turn_step_put(:tenant, :conversation_id::uuid, :turn_id::uuid, :step_key, :kind,
                     :request_hash, :result) as result
