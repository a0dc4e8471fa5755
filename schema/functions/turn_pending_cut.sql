-- As turn_pending, and at most 1 MiB before the last message: a reply must fit into one message of the bus.
-- The rest waits for the next turn.
create or replace function turn_pending_cut(
    p_tenant text, p_conversation uuid, p_until bigint, out pending json, out last_seq bigint)
language sql stable as $$
    select turn_pending.pending, turn_pending.last_seq
      from (select max(m.inbox_seq) as fits_until
              from (select i.inbox_seq,
                           sum(length(i.content::text)) over (
                               order by i.inbox_seq
                               rows between unbounded preceding and 1 preceding) as before_bytes
                      from inbox i
                     where i.tenant_id = p_tenant and i.conversation_id = p_conversation
                       and i.turn_id is null and i.starts_turn and i.inbox_seq <= p_until
                     order by i.inbox_seq limit 256) m
             where m.before_bytes is null or m.before_bytes < 1048576) f,
           turn_pending(p_tenant, p_conversation, f.fits_until)
$$;
