-- rpc: list_turn_steps
-- result: many steps
-- budget_ms: 50
select s.step_key, s.kind, s.request_hash, s.result, 0 as error_number, false as is_cut
  from turn_steps s
 where s.tenant_id = :tenant and s.turn_id = :turn_id::uuid
   and s.conversation_id = :conversation_id::uuid and s.kind <> 'journal'
 order by s.step_key limit 256
