-- rpc: list_unsent
-- result: many messages
-- budget_ms: 100
select o.outbox_id::text as outbox_id, o.conversation_id::text as conversation_id,
       c.address, o.author, o.state, o.error_code, o.error_text, o.advice,
       o.unknown_count::bigint as unknown_count,
       left(content_text(o.content), 200) as text,
       (extract(epoch from o.created_at) * 1000)::bigint as created_at_ms,
       (extract(epoch from u.noted_at) * 1000)::bigint as noted_at_ms
  from unsent_messages u
  join outbox o on o.tenant_id = u.tenant_id and o.outbox_id = u.outbox_id
  join conversations c on c.tenant_id = o.tenant_id and c.conversation_id = o.conversation_id
 where u.tenant_id collate "POSIX" = :tenant and (u.settled_at is null or :with_settled)
   and o.state in ('refused', 'parked', 'failed') and (:state = '' or o.state = :state)
 order by u.noted_at desc
 limit case when :max_rows between 1 and 1000 then :max_rows else 100 end
