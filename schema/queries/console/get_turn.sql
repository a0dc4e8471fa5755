-- rpc: get_turn
-- result: one
-- budget_ms: 100
select t.turn_id::text as turn_id, t.conversation_id::text as conversation_id,
       epoch_ms(t.committed_at) as committed_at_ms,
       t.duration_ms::bigint as duration_ms, k.name as contact_name, c.channel, t.language,
       t.language_confidence::double precision as language_confidence, t.text, t.translation,
       t.intent, t.confidence::double precision as confidence, t.sentiment, array_to_string(t.risk, ', ') as risk, t.path,
       t.decision, t.handoff_reason, t.error_code, t.superseded_count,
       t.understanding::json as understanding,
       coalesce(epoch_ms(t.superseded_at), 0) as superseded_at_ms,
       coalesce((
           select json_agg(json_build_object(
                      'external_id', i.external_id, 'type', i.type,
                      'text', coalesce(i.content ->> 'text', ''),
                      'sent_at_ms', coalesce((extract(epoch from i.sent_at) * 1000)::bigint, 0),
                      'received_at_ms', (extract(epoch from i.received_at) * 1000)::bigint)
                      order by i.inbox_seq)
             from inbox i
            where i.tenant_id = t.tenant_id and i.conversation_id = t.conversation_id
              and i.inbox_seq = any (t.inbox_seqs) and (i.turn_id is not null or not i.starts_turn)
           ), '[]') as inbound,
       coalesce((
           select json_agg(json_build_object(
                      'outbox_id', o.outbox_id, 'type', coalesce(o.content ->> 'type', ''),
                      'text', content_text(o.content), 'state', o.state,
                      'attempt', o.attempt,
                      'created_at_ms', (extract(epoch from o.created_at) * 1000)::bigint,
                      'sent_at_ms', coalesce((extract(epoch from o.sent_at) * 1000)::bigint, 0),
                      'delivered_at_ms',
                      coalesce((extract(epoch from o.delivered_at) * 1000)::bigint, 0),
                      'read_at_ms', coalesce((extract(epoch from o.read_at) * 1000)::bigint, 0),
                      'failed_at_ms', coalesce((extract(epoch from o.failed_at) * 1000)::bigint, 0),
                      'error_code', o.error_code, 'error_text', o.error_text)
                      order by o.seq)
             from outbox o
            where o.tenant_id = t.tenant_id and o.conversation_id = t.conversation_id
              and o.turn_id = t.turn_id
           ), '[]') as outbound
  from turns t
  join conversations c on c.tenant_id = t.tenant_id and c.conversation_id = t.conversation_id
  join contacts k on k.tenant_id = c.tenant_id and k.contact_id = c.contact_id
 where t.tenant_id = :tenant and t.conversation_id = :conversation_id::uuid
   and t.turn_id = :turn_id::uuid
