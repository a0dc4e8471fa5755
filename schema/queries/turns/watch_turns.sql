-- rpc: watch_turns
-- result: many conversations
-- scope: system
-- lock_order: 9
-- budget_ms: 500
select w.tenant, w.conversation_id, w.unanswered_count
  from watch_turns(case when :max_rows between 1 and 10000 then :max_rows else 500 end) w
