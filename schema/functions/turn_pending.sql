-- The messages of a conversation that wait for a turn, up to p_until (null: all), oldest first, as JSON
-- (PendingMessage); null when there are none. At most 256, and at most 1 MiB before the last one: a
-- reply must fit into one message of the bus. The rest waits for the next turn.
create or replace function turn_pending(
    p_tenant text, p_conversation uuid, p_until bigint, out pending json, out last_seq bigint)
language plpgsql stable as $$
begin
    select json_agg(json_build_object('inbox_seq', m.inbox_seq, 'external_id', m.external_id,
                                      'type', m.type, 'received_at_ms', m.at_ms,
                                      'content', m.content)),
           max(m.inbox_seq)
      into pending, last_seq
      from (select i.inbox_seq, i.external_id, i.type, i.content,
                   (extract(epoch from i.received_at) * 1000)::bigint as at_ms,
                   sum(length(i.content::text)) over (
                       order by i.inbox_seq rows between unbounded preceding and 1 preceding)
                       as before_bytes
              from inbox i
             where i.tenant_id = p_tenant and i.conversation_id = p_conversation
               and i.turn_id is null and i.starts_turn
               and i.inbox_seq <= coalesce(p_until, 9223372036854775807)
             order by i.inbox_seq limit 256) m
     where m.before_bytes is null or m.before_bytes < 1048576;
end
$$;
