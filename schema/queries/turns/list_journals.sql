-- rpc: list_journals
-- result: many turns
-- budget_ms: 200
select s.turn_id::text as turn_id, s.conversation_id::text as conversation_id
  from turn_steps s
 where s.tenant_id = :tenant and s.step_key = 'journal'
   and s.turn_id < coalesce(nullif(:before_turn_id, ''), 'ffffffff-ffff-ffff-ffff-ffffffffffff')::uuid
 order by s.turn_id desc
 limit case when :max_rows between 1 and 1000 then :max_rows else 100 end
