-- No row when no journal was kept, or it is gone (journal_days).
-- rpc: get_turn_record
-- result: one
-- budget_ms: 500
select t.turn_id::text as turn_id, t.conversation_id::text as conversation_id,
       (extract(epoch from t.committed_at) * 1000)::bigint as committed_at_ms, t.session_id,
       t.language, t.language_confidence::double precision as language_confidence, t.text,
       t.translation, t.intent, t.confidence::double precision as confidence, t.sentiment,
       array_to_string(t.risk, ', ') as risk, t.path, t.decision, t.handoff_reason, t.error_code,
       s.result as journal,
       coalesce((
           select json_agg(json_build_object(
                      'inbox_seq', i.inbox_seq, 'external_id', i.external_id, 'type', i.type,
                      'received_at_ms', (extract(epoch from i.received_at) * 1000)::bigint,
                      'content', i.content) order by i.inbox_seq)
             from inbox i
            where i.tenant_id = t.tenant_id and i.conversation_id = t.conversation_id
              and i.inbox_seq = any (t.inbox_seqs) and i.turn_id is not null
           ), '[]') as pending,
       coalesce((
           select json_agg(json_build_object('outbox_id', o.outbox_id, 'content', o.content)
                           order by o.seq)
             from outbox o
            where o.tenant_id collate "POSIX" = t.tenant_id
              and o.conversation_id = t.conversation_id and o.turn_id = t.turn_id
           ), '[]') as outbox
  from turn_steps s
  join turns t on t.tenant_id = s.tenant_id and t.conversation_id = s.conversation_id
   and t.turn_id = s.turn_id
 where s.tenant_id = :tenant and s.turn_id = :turn_id::uuid and s.step_key = 'journal'
