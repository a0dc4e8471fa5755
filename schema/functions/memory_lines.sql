-- What was said in a conversation after the two places, oldest first, at most p_max_rows lines, as JSON
-- (MemoryLine). The lines of one side stay in their order, so that the last of each is a place to go on
-- from. What has no text is named by its type; what reached nobody was not said.
create or replace function memory_lines(
    p_tenant text, p_conversation uuid, p_inbox_seq bigint, p_outbox_seq bigint, p_max_rows bigint)
returns json language sql stable as $$
    select coalesce(json_agg(json_build_object(
               'author', l.author, 'text', left(coalesce(nullif(l.text, ''), '[' || l.type || ']'), 2000),
               'at_ms', (extract(epoch from l.at) * 1000)::bigint, 'inbox_seq', l.inbox_seq,
               'outbox_seq', l.outbox_seq, 'source_id', l.source_id, 'is_suspicious', l.is_suspicious)
               order by l.at, l.inbox_seq, l.outbox_seq), '[]')
      from (select * from (
                (select 'customer' as author, i.content->>'text' as text, i.type,
                        max(i.received_at) over (order by i.inbox_seq) as at, i.inbox_seq,
                        0::bigint as outbox_seq, i.external_id as source_id,
                        exists (select from turns t
                                 where t.tenant_id = i.tenant_id and t.conversation_id = i.conversation_id
                                   and t.turn_id = i.turn_id
                                   and 'prompt_injection' = any (t.risk)) as is_suspicious
                   from inbox i
                  where i.tenant_id = p_tenant and i.conversation_id = p_conversation
                    and i.turn_id is not null and i.inbox_seq > p_inbox_seq
                  order by i.inbox_seq limit p_max_rows)
                union all
                (select o.author, content_text(o.content), o.content->>'type',
                        max(o.created_at) over (order by o.seq), 0, o.seq, '', false
                   from outbox o
                  where o.tenant_id collate "POSIX" = p_tenant and o.conversation_id = p_conversation
                    and o.seq > p_outbox_seq and o.state not in ('failed', 'refused', 'parked')
                  order by o.seq limit p_max_rows)) sides
             order by at, inbox_seq, outbox_seq limit p_max_rows) l
$$;
