-- rpc: take_over
-- result: one
-- lock_order: 2
-- budget_ms: 50
select t.conversation_id::text as conversation_id, t.was_taken_over, t.owner, t.owner_fence,
       t.in_flight_outbox_id
  from take_over(:tenant, nullif(:conversation_id, '')::uuid, :address, :owner, :actor,
                 :reason) t
