-- rpc: beat_instance
-- result: one
-- scope: system
-- key: instance
-- lock_order: 9
-- budget_ms: 100
select b.holder, b.peers_count
  from instance_beat(:instance, :holder, :service, :pid,
                     case when :alive_ms > 0 then :alive_ms else 12000 end, :claim_delay_ms) b
