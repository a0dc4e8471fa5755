-- rpc: list_unsummarised
-- result: one
-- budget_ms: 100
select coalesce(s.version, 0) as version, coalesce(s.summary, '') as summary, c.language,
       memory_lines(:tenant, c.conversation_id, coalesce(s.inbox_seq, 0), coalesce(s.outbox_seq, 0),
                    case when :max_rows between 1 and 100 then :max_rows else 100 end) as lines
  from conversations c
  left join conversation_summaries s on s.tenant_id = c.tenant_id
                                    and s.conversation_id = c.conversation_id
 where c.tenant_id = :tenant and c.conversation_id = :conversation_id::uuid
