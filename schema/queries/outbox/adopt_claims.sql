-- The claims of the holder's former process ("delivery-1/<boot id>"): their outcome is unknown, and nobody
-- will record it any more. They are due once the statuses had delay_ms to say what became of them.
-- rpc: adopt_claims
-- result: none
-- scope: system
-- lock_order: 9
-- budget_ms: 200
update outbox_queue q
   set due_at = least(q.due_at, now() + :delay_ms * interval '1 ms')
  from outbox o
 where o.tenant_id collate "POSIX" = q.tenant_id and o.conversation_id = q.conversation_id
   and o.seq = q.head_seq and o.state = 'sending' and o.claimed_by <> :holder
   and split_part(o.claimed_by, '/', 1) = split_part(:holder, '/', 1)
