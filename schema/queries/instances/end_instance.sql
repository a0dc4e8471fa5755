-- rpc: end_instance
-- result: none
-- scope: system
-- lock_order: 9
-- budget_ms: 200
select instance_end(:instance, :pid, :is_dead)
