-- rpc: turn_release
-- result: none
-- lock_order: 2
-- budget_ms: 50
update conversations
   set lease_holder = '', lease_expires_at = null
 where tenant_id = :tenant and conversation_id = :conversation_id::uuid
   and lease_fence = :fence and lease_holder <> ''
