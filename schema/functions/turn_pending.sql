-- The messages of a conversation that wait for a turn, up to p_until (null: all), oldest first, as JSON
-- (PendingMessage); null when there are none. At most 256, of bytes_count in all: turn_pending_cut is for
-- what does not fit into one message of the bus. Plain SQL, so that it becomes part of the query that
-- asks.
drop function if exists turn_pending; -- "replace" takes no other result
create or replace function turn_pending(p_tenant text, p_conversation uuid, p_until bigint)
returns table (pending json, last_seq bigint, bytes_count bigint)
language sql stable rows 1 as $$
    select json_agg(json_build_object('inbox_seq', m.inbox_seq, 'external_id', m.external_id,
                                      'type', m.type, 'received_at_ms', epoch_ms(m.received_at),
                                      'content', m.content)),
           max(m.inbox_seq), sum(length(m.content::text))
      from (select i.inbox_seq, i.external_id, i.type, i.content, i.received_at
              from inbox i
             where i.tenant_id = p_tenant and i.conversation_id = p_conversation
               and i.turn_id is null and i.starts_turn
               and i.inbox_seq <= coalesce(p_until, 9223372036854775807)
             order by i.inbox_seq limit 256) m
$$;
