-- rpc: get_memory
-- result: one
-- budget_ms: 50
select c.contact_id::text as contact_id, coalesce(s.version, 0) as version,
       coalesce(s.summary, '') as summary, coalesce(s.model, '') as model,
       coalesce((extract(epoch from s.summarised_at) * 1000)::bigint, 0) as summarised_at_ms,
       coalesce(s.inbox_seq, 0) as inbox_seq, coalesce(s.outbox_seq, 0) as outbox_seq,
       coalesce((extract(epoch from s.erased_at) * 1000)::bigint, 0) as erased_at_ms,
       coalesce((select json_agg(json_build_object(
                     'type', f.type, 'value', f.value, 'source_id', f.source_id,
                     'conversation_id', f.conversation_id, 'confidence_pct', f.confidence_pct,
                     'model', f.model,
                     'created_at_ms', (extract(epoch from f.created_at) * 1000)::bigint,
                     'expires_at_ms', (extract(epoch from f.expires_at) * 1000)::bigint)
                     order by f.type, f.source_inbox_seq desc, f.value_key)
                   from contact_facts f
                  where f.tenant_id = c.tenant_id and f.contact_id = c.contact_id
                    and f.expires_at > now()), '[]') as facts
  from conversations c
  left join conversation_summaries s on s.tenant_id = c.tenant_id
                                    and s.conversation_id = c.conversation_id
 where c.tenant_id = :tenant and c.conversation_id = :conversation_id::uuid
