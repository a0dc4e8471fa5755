-- rpc: claim_outbox
-- result: many claims
-- scope: system
-- key: holder
-- lock_order: 9
-- budget_ms: 100
select k.tenant, k.outbox_id, k.conversation_id, k.turn_id, k.seq, k.attempt, k.channel,
       k.channel_account_id, k.address, k.phone, k.content, k.unknown_count, k.is_reply, k.is_opted_out,
       k.customer_silent_ms, k.local_minute, k.quiet_from_minute, k.quiet_to_minute, k.next_due_ms
  from claim_due(:holder, case when :max_rows between 1 and 1000 then :max_rows else 100 end,
                 :claim_ms, :may_have_lost) k
